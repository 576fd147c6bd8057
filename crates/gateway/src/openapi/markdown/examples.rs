//! A call to paste, and what it answers.

use serde_json::Value;

/// A call of `operation` by curl, and its answer.
pub(super) fn call(operation: &str, body: &str, answer: &str) -> String {
    let body = body.replace('\'', r"'\''");
    format!(
        "\n```sh\ncurl -sS -u \"$GROUPGATE_ACCESS_KEY_ID:$GROUPGATE_ACCESS_KEY_SECRET\" \"$GROUPGATE_URL/v1/{operation}\" \\\n    \
         -H 'Content-Type: application/json' -d '{body}'\n```\n\n```json\n{answer}\n```\n"
    )
}

/// An object with its members in the order of `names`, a line each; what `names` does not have stands at the end.
pub(super) fn in_order<'a>(object: &Value, names: impl Iterator<Item = &'a str>) -> String {
    let Some(members) = object.as_object() else { return object.to_string() };
    let names: Vec<&str> = names.collect();
    let rank = |name: &str| names.iter().position(|known| *known == name).unwrap_or(names.len());
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by_key(|(name, _)| rank(name));
    let lines: Vec<String> =
        members.iter().map(|(name, value)| format!("  {}: {value}", Value::from(name.as_str()))).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{call, in_order};

    #[test]
    fn members_stand_in_the_order_of_the_schema() {
        let told = in_order(&json!({ "A": 1, "B": [2], "C": "3" }), ["C", "A"].into_iter());
        assert_eq!(told, "{\n  \"C\": \"3\",\n  \"A\": 1,\n  \"B\": [2]\n}");
    }

    #[test]
    fn an_apostrophe_does_not_end_what_the_shell_quotes() {
        assert!(call("X", "{\"Text\": \"don't\"}", "{}").contains(r#"'{"Text": "don'\''t"}'"#));
    }
}
