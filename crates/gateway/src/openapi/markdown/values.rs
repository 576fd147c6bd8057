//! One value of a schema in words: its type, its rule, its default.

use serde_json::{Map, Value};

/// A schema as JSON, which has all its keywords alike.
pub(super) struct Keywords(Map<String, Value>);

impl Keywords {
    /// The keywords of a schema.
    pub(super) fn of(schema: &impl serde::Serialize) -> Self {
        match serde_json::to_value(schema) {
            Ok(Value::Object(keywords)) => Self(keywords),
            _ => Self(Map::new()),
        }
    }

    /// The types but `null`, such as `string` or `integer`.
    pub(super) fn types(&self) -> Vec<String> {
        let types = match self.0.get("type") {
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one.as_str()],
            _ => vec!["any"],
        };
        types.into_iter().filter(|name| *name != "null").map(str::to_owned).collect()
    }

    /// Whether `null` is allowed.
    pub(super) fn is_nullable(&self) -> bool {
        let types = self.0.get("type");
        types.is_some_and(|types| *types == "null" || types.as_array().is_some_and(|all| all.contains(&"null".into())))
    }

    /// The value that stands for an absent one.
    pub(super) fn default(&self) -> Option<String> {
        self.0.get("default").map(|value| format!("`{value}`"))
    }

    /// What the schema says of itself.
    pub(super) fn description(&self) -> Option<&str> {
        self.0.get("description").and_then(Value::as_str)
    }

    /// What a value must be beside its type: the rule that the refusal of a wrong one tells, or what the schema's limits
    /// say.
    pub(super) fn rule(&self) -> String {
        if let Some(rule) = self.0.get("x-rule").and_then(Value::as_str) {
            return rule.to_owned();
        }
        let ranges =
            [("minimum", "maximum", ""), ("minLength", "maxLength", " characters"), ("minItems", "maxItems", " items")];
        let ranges = ranges.iter().filter_map(|(least, most, of)| self.range(least, most, of));
        let pattern = self.0.get("pattern").map(|pattern| format!("`{}`", plain(pattern)));
        self.one_of().into_iter().chain(ranges).chain(pattern).collect::<Vec<_>>().join("; ")
    }

    fn one_of(&self) -> Option<String> {
        let values = self.0.get("enum")?.as_array()?.iter().filter(|value| !value.is_null());
        let values: Vec<String> = values.map(|value| format!("`{}`", plain(value))).collect();
        Some(values.join(" or "))
    }

    fn range(&self, least: &str, most: &str, of: &str) -> Option<String> {
        let limit = |name: &str| self.0.get(name).map(plain);
        match (limit(least), limit(most)) {
            (Some(least), Some(most)) => Some(format!("{least} to {most}{of}")),
            (Some(least), None) => Some(format!("at least {least}{of}")),
            (None, Some(most)) => Some(format!("at most {most}{of}")),
            (None, None) => None,
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Keywords;

    #[test]
    fn limits_and_choices_are_told_in_words() {
        let rule = |schema: serde_json::Value| Keywords::of(&schema).rule();
        assert_eq!(rule(json!({ "minimum": 0, "maximum": 30 })), "0 to 30");
        assert_eq!(rule(json!({ "maxLength": 20, "pattern": "^a|b$" })), "at most 20 characters; `^a|b$`");
        assert_eq!(rule(json!({ "minItems": 1 })), "at least 1 items");
        assert_eq!(rule(json!({ "enum": ["a", "b", null] })), "`a` or `b`");
    }

    #[test]
    fn the_rule_that_a_refusal_tells_stands_for_the_pattern_that_says_the_same() {
        assert_eq!(Keywords::of(&json!({ "pattern": "^[0-9]{7}$", "x-rule": "7 digits" })).rule(), "7 digits");
    }

    #[test]
    fn null_is_not_a_type_of_its_own() {
        let schema = Keywords::of(&json!({ "type": ["string", "null"] }));
        assert_eq!((schema.types(), schema.is_nullable()), (vec!["string".to_owned()], true));
    }
}
