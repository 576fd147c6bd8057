//! What a form or a filter says: as it was typed, with what is wrong with it beside each field.

use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::admin::{AdminError, FieldError};
use crate::api::admin::Body;

/// The fields of a form.
#[derive(Clone, Default)]
pub(super) struct Fields {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
    trouble: Option<String>,
}

impl Fields {
    /// A form that shows what stands now.
    pub(super) fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { pairs, ..Self::default() }
    }

    /// What was sent, urlencoded.
    pub(super) fn sent(bytes: &[u8]) -> Self {
        Self { pairs: form_urlencoded::parse(bytes).into_owned().collect(), ..Self::default() }
    }

    /// The same, with why nothing was done.
    pub(super) fn refused(self, error: &AdminError) -> Self {
        Self { errors: error.fields().to_vec(), trouble: Some(error.to_string()), ..self }
    }

    /// The same, where what is wrong inside of what a field says, such as `labels.customer`, is told at that field.
    pub(super) fn gathered(mut self, name: &str) -> Self {
        for error in &mut self.errors {
            let inside = error.field.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
            if let Some(inside) = inside {
                error.message = format!("{inside}: {}", error.message);
                name.clone_into(&mut error.field);
            }
        }
        self
    }

    /// The same, with these instants as a browser's field for dates takes them: in UTC, which is not said.
    pub(super) fn in_local(mut self, names: &[&str]) -> Self {
        let instants = self.pairs.iter_mut().filter(|(name, _)| names.contains(&name.as_str()));
        instants.for_each(|(_, value)| value.truncate(value.trim_end_matches('Z').len()));
        self
    }

    /// What was typed into a field; nothing where it is not there.
    pub(super) fn value(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// The same, where it is not blank, without blanks around it.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        Some(self.value(name).trim()).filter(|value| !value.is_empty())
    }

    /// All that was chosen of a field that takes several.
    pub(super) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Whether this was chosen among a field's values.
    pub(super) fn is_chosen(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|own| own == value)
    }

    /// Whether anything was typed.
    pub(super) fn is_empty(&self) -> bool {
        self.pairs.iter().all(|(_, value)| value.is_empty())
    }

    /// As it was sent.
    pub(super) fn written(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.pairs).finish()
    }

    /// What is wrong with a field.
    pub(super) fn error(&self, name: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == name).map(|error| error.message.as_str())
    }

    /// What is wrong, field by field.
    pub(super) fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// Why nothing was done, in a sentence.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// A field for a body in JSON: text, or `null` where it is blank.
    pub(super) fn text(&self, name: &str) -> Value {
        self.given(name).map_or(Value::Null, Value::from)
    }

    /// A whole number for a body in JSON, `null` where it is blank; what is none stays text, and is refused by name.
    pub(super) fn number(&self, name: &str) -> Value {
        let given = self.given(name);
        given.map_or(Value::Null, |text| text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from))
    }

    /// An instant for a body in JSON. What a browser's field for dates says is in UTC.
    pub(super) fn instant(&self, name: &str) -> Value {
        self.given(name).map_or(Value::Null, |text| Value::from(in_utc(text)))
    }

    /// Those of the fields that are filled, for a body in JSON.
    pub(super) fn filled(&self, names: &[&str]) -> Map<String, Value> {
        let filled = names.iter().filter_map(|name| Some(((*name).to_owned(), Value::from(self.given(name)?))));
        filled.collect()
    }
}

/// A body of the administrator's API, read as strictly.
///
/// # Errors
/// [`AdminError::Invalid`] with each field that is wrong.
pub(super) fn read<B: Body>(body: &Value) -> Result<B, AdminError> {
    B::read(body.to_string().as_bytes())
}

/// What `<input type="datetime-local">` says has no zone
/// ([HTML](https://html.spec.whatwg.org/multipage/input.html#local-date-and-time-state-(type=datetime-local))).
pub(super) fn in_utc(text: &str) -> String {
    let is_local = text.as_bytes().get(10) == Some(&b'T') && !text.ends_with('Z') && !text[11..].contains(['+', '-']);
    match text.len() {
        16 if is_local => format!("{text}:00Z"),
        19.. if is_local => format!("{text}Z"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_without_a_zone_is_in_utc() {
        for (typed, meant) in [
            ("2026-11-22T04:10", "2026-11-22T04:10:00Z"),
            ("2026-11-22T04:10:30", "2026-11-22T04:10:30Z"),
            ("2026-11-22T04:10:30+05:30", "2026-11-22T04:10:30+05:30"),
            ("2026-11-22T04:10:30Z", "2026-11-22T04:10:30Z"),
            ("yesterday", "yesterday"),
        ] {
            assert_eq!(in_utc(typed), meant);
        }
    }

    #[test]
    fn what_is_wrong_inside_of_a_field_is_told_at_the_field() {
        let wrong = vec![FieldError::new("labels.plan", "0 to 100 characters"), FieldError::new("labelsx", "other")];
        let fields = Fields::default().refused(&AdminError::Invalid(wrong)).gathered("labels");
        assert_eq!(fields.error("labels"), Some("plan: 0 to 100 characters"));
        assert_eq!(fields.error("labelsx"), Some("other"));
    }

    #[test]
    fn what_is_no_number_stays_what_it_is_for_the_api_to_refuse() {
        let fields = Fields::sent(b"a=12&b=+&c=twelve");
        assert_eq!(fields.number("a"), Value::from(12));
        assert_eq!((fields.number("b"), fields.number("d")), (Value::Null, Value::Null));
        assert_eq!(fields.number("c"), Value::from("twelve"));
    }
}
