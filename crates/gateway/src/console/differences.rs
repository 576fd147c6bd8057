//! What was different afterwards, field by field.

use std::collections::BTreeMap;

use serde_json::Value;

use super::legible::legible;

/// A field, before and after.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Its path, such as `labels.customer`.
    pub(super) field: String,
    /// What stood there before; `None` for nothing.
    pub(super) before: Option<String>,
    /// What stood there afterwards; `None` for nothing.
    pub(super) after: Option<String>,
}

/// Each field that is not the same in both.
pub(super) fn differences(before: Option<&Value>, after: Option<&Value>) -> Vec<Difference> {
    let mut fields = BTreeMap::<String, (Option<String>, Option<String>)>::new();
    each_field(before, "", &mut |field, text| fields.entry(field).or_default().0 = Some(text));
    each_field(after, "", &mut |field, text| fields.entry(field).or_default().1 = Some(text));
    let changed = fields.into_iter().filter(|(_, (before, after))| before != after);
    changed.map(|(field, (before, after))| Difference { field, before, after }).collect()
}

/// Objects are looked into; a list is one text. What is `null` is as what is not there.
fn each_field(value: Option<&Value>, path: &str, found: &mut impl FnMut(String, String)) {
    match value {
        None | Some(Value::Null) => {}
        Some(Value::Object(members)) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                each_field(Some(member), &path, found);
            }
        }
        Some(Value::String(text)) => found(path.to_owned(), legible(text)),
        Some(other) => found(path.to_owned(), legible(&other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_not_the_same_is_told_and_fields_within_by_their_path() {
        let before = json!({"name": "Miller", "notes": null, "labels": {"customer": "1", "gone": "x"}, "types": ["a"]});
        let after = json!({"name": "Miller", "notes": "new", "labels": {"customer": "2"}, "types": ["a", "b"]});
        let told = differences(Some(&before), Some(&after));
        let told: Vec<_> =
            told.iter().map(|one| (one.field.as_str(), one.before.as_deref(), one.after.as_deref())).collect();
        assert_eq!(
            told,
            [
                ("labels.customer", Some("1"), Some("2")),
                ("labels.gone", Some("x"), None),
                ("notes", None, Some("new")),
                ("types", Some("[\"a\"]"), Some("[\"a\",\"b\"]")),
            ]
        );
        assert_eq!(differences(None, None), []);
        assert_eq!(differences(None, Some(&json!({"status": 403})))[0].after.as_deref(), Some("403"));
    }
}
