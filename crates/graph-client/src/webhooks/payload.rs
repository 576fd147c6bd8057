//! A payload, taken apart into its events.
//!
//! A payload may hold 3 MB and 1,000 updates ([Meta: webhooks][meta]); the work grows with its size
//! and no faster, whatever is in it.
//!
//! [meta]: https://developers.facebook.com/docs/whatsapp/cloud-api/guides/set-up-webhooks

use serde_json::value::RawValue;

use super::{
    fingerprint::{Subject, fingerprint},
    object::{Member, Object},
};

/// The lists that hold one event in each element.
const LISTS: [&str; 3] = ["groups", "messages", "statuses"];

/// How many bytes of what a value's events share are repeated with each of them, in one payload.
/// What goes beyond is left out: 1,000 messages with 1,000 contacts would be a million of these.
const REPEATED: usize = 16 * 1024 * 1024;

/// One event of a payload.
#[derive(Clone)]
pub struct Change {
    /// The entry's ID: the WhatsApp Business Account.
    pub waba_id: Option<String>,
    /// What changed, such as `group_lifecycle_update`.
    pub field: String,
    /// `value.metadata.phone_number_id`; some fields have none.
    pub phone_number_id: Option<String>,
    /// The change's value with this event alone, otherwise as Meta wrote it.
    pub value: Box<RawValue>,
    /// The same for the same event sent again.
    pub fingerprint: [u8; 32],
    /// The entry's time in Unix seconds.
    pub entry_time: Option<i64>,
}

/// Why a payload cannot be taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// It is not JSON in UTF-8.
    #[error("the payload is not JSON")]
    NotJson,
    /// It is JSON, and not of the form that Meta's WhatsApp webhooks have.
    #[error("the payload is not a whatsapp_business_account's, with a list of entries that hold lists of changes")]
    NotWhatsApp,
}

/// Takes a payload apart: one [`Change`] for each element of `groups`, `messages` and `statuses`,
/// and one for each change without such a list.
pub fn parse(body: &[u8]) -> Result<Vec<Change>, PayloadError> {
    let text = std::str::from_utf8(body).map_err(|_| PayloadError::NotJson)?;
    let json: &RawValue = serde_json::from_str(text).map_err(|_| PayloadError::NotJson)?;
    changes(json).ok_or(PayloadError::NotWhatsApp)
}

fn changes(json: &RawValue) -> Option<Vec<Change>> {
    let payload = Object::read(json)?;
    if payload.text("object")? != "whatsapp_business_account" {
        return None;
    }
    let mut splitting = Splitting { changes: Vec::new(), budget: REPEATED };
    for entry in payload.list("entry")? {
        splitting.entry(entry);
    }
    Some(splitting.changes)
}

/// What has been found so far.
struct Splitting {
    changes: Vec<Change>,
    /// What is left of [`REPEATED`].
    budget: usize,
}

/// The field of what is not of the form that changes have.
const UNREADABLE: &str = "unreadable";

/// Where an event was found.
#[derive(Clone)]
struct Place {
    waba_id: Option<String>,
    entry_time: Option<i64>,
    field: String,
    phone_number_id: Option<String>,
}

impl Place {
    /// Of an element of a list.
    fn of_element(&self) -> Subject<'_> {
        let phone_number_id = self.phone_number_id.as_deref();
        let waba_id = self.waba_id.as_deref().filter(|_| phone_number_id.is_none());
        Subject { phone_number_id, waba_id, entry_time: None }
    }

    /// Of a change as a whole.
    fn of_whole(&self) -> Subject<'_> {
        Subject { entry_time: self.entry_time, ..self.of_element() }
    }
}

/// A list of events: as it was written, and its elements.
struct List<'a> {
    written: &'a RawValue,
    elements: Vec<&'a RawValue>,
}

impl Splitting {
    /// An entry that is not of Meta's form is kept whole: it must not cost those beside it.
    fn entry(&mut self, written: &RawValue) {
        let entry = Object::read(written).unwrap_or_default();
        let place = Place {
            waba_id: entry.name("id"),
            entry_time: entry.integer("time"),
            field: UNREADABLE.to_owned(),
            phone_number_id: None,
        };
        match entry.list("changes") {
            Some(changes) => changes.into_iter().for_each(|change| self.change(&place, change)),
            None => self.push(&place, place.of_whole(), written.to_owned(), written),
        }
    }

    fn change(&mut self, entry: &Place, written: &RawValue) {
        let change = Object::read(written).unwrap_or_default();
        let place = Place { field: change.name("field").unwrap_or_else(|| UNREADABLE.to_owned()), ..entry.clone() };
        let Some(value) = change.get("value") else {
            return self.push(&place, place.of_whole(), written.to_owned(), written);
        };
        let members = Object::read(value).unwrap_or_default();
        let phone_number_id = members.object("metadata").and_then(|metadata| metadata.name("phone_number_id"));
        self.value(&Place { phone_number_id, ..place }, value, &members);
    }

    fn value(&mut self, place: &Place, value: &RawValue, members: &Object<'_>) {
        let lists = lists(members);
        if lists.is_empty() {
            return self.push(place, place.of_whole(), value.to_owned(), value);
        }
        let shared = self.shared(members, &lists);
        for list in &lists {
            for element in &list.elements {
                let alone = RawValue::from_string(alone(&shared, list, element));
                // Pieces of JSON in their places are JSON; if they were not, better whole than lost.
                let alone = alone.unwrap_or_else(|_| value.to_owned());
                self.push(place, place.of_element(), alone, element);
            }
        }
    }

    /// The members that go with each element: the lists, to keep their place, and of the others as
    /// many as the budget allows.
    fn shared<'a>(&mut self, members: &Object<'a>, lists: &[List<'a>]) -> Vec<Member<'a>> {
        let count: usize = lists.iter().map(|list| list.elements.len()).sum();
        let goes_along = |member: &&Member<'a>| {
            if named_as_list(member) {
                return lists.iter().any(|list| list.is(member));
            }
            let left = self.budget.checked_sub(member.len().saturating_mul(count));
            self.budget = left.unwrap_or(self.budget);
            left.is_some()
        };
        members.members().iter().filter(goes_along).copied().collect()
    }

    fn push(&mut self, place: &Place, subject: Subject<'_>, value: Box<RawValue>, element: &RawValue) {
        self.changes.push(Change {
            waba_id: place.waba_id.clone(),
            field: place.field.clone(),
            phone_number_id: place.phone_number_id.clone(),
            value,
            fingerprint: fingerprint(&place.field, subject, element),
            entry_time: place.entry_time,
        });
    }
}

impl List<'_> {
    fn is(&self, member: &Member<'_>) -> bool {
        std::ptr::eq(self.written, member.value)
    }
}

/// The lists of events that have an element.
fn lists<'a>(members: &Object<'a>) -> Vec<List<'a>> {
    LISTS
        .iter()
        .filter_map(|name| Some(List { written: members.get(name)?, elements: members.list(name)? }))
        .filter(|list| !list.elements.is_empty())
        .collect()
}

fn named_as_list(member: &Member<'_>) -> bool {
    LISTS.iter().any(|name| member.is(name))
}

/// The shared members with one element in the place of its list, and without the other lists.
fn alone(shared: &[Member<'_>], list: &List<'_>, element: &RawValue) -> String {
    let mut json = String::from("{");
    for member in shared.iter().filter(|member| list.is(member) || !named_as_list(member)) {
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(member.name.get());
        json.push(':');
        if list.is(member) {
            json.extend(["[", element.get(), "]"]);
        } else {
            json.push_str(member.value.get());
        }
    }
    json.push('}');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(value: &str) -> String {
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"200","time":"1731617831",
                "changes":[{{"field":"f","value":{value}}}]}}]}}"#
        )
    }

    fn values(value: &str) -> Vec<String> {
        let changes = parse(payload(value).as_bytes()).unwrap();
        changes.iter().map(|change| change.value.get().to_owned()).collect()
    }

    #[test]
    fn each_element_is_an_event_and_the_rest_is_as_meta_wrote_it() {
        let value = r#"{"z":"\u00e9", "groups":[{"b":1,"a":2}, {"c":3}],"metadata":{"phone_number_id":100}}"#;
        assert_eq!(
            values(value),
            [
                r#"{"z":"\u00e9","groups":[{"b":1,"a":2}],"metadata":{"phone_number_id":100}}"#,
                r#"{"z":"\u00e9","groups":[{"c":3}],"metadata":{"phone_number_id":100}}"#,
            ]
        );
    }

    #[test]
    fn an_event_knows_where_it_was_found() {
        let body = payload(r#"{"metadata":{"phone_number_id":"100"},"groups":[{}]}"#);
        let change = parse(body.as_bytes()).unwrap().remove(0);
        assert_eq!((change.field.as_str(), change.waba_id.as_deref()), ("f", Some("200")));
        assert_eq!(change.phone_number_id.as_deref(), Some("100"));
        assert_eq!(change.entry_time, Some(1_731_617_831));
    }

    #[test]
    fn messages_and_statuses_of_one_value_are_events_apart() {
        let value = r#"{"messages":[{"m":1}],"contacts":[1],"statuses":[{"s":1}]}"#;
        assert_eq!(
            values(value),
            [r#"{"messages":[{"m":1}],"contacts":[1]}"#, r#"{"contacts":[1],"statuses":[{"s":1}]}"#]
        );
    }

    #[test]
    fn a_change_without_a_list_is_one_event_whole() {
        for value in [r#"{"event":"PARTNER_ADDED"}"#, r#"{"groups":[]}"#, r#"{"groups":{}}"#, "[]", "7"] {
            assert_eq!(values(value), [value]);
        }
    }

    #[test]
    fn an_event_sent_again_in_another_batch_has_the_same_fingerprint() {
        let one = parse(payload(r#"{"groups":[{"a":1,"b":2},{"c":3}]}"#).as_bytes()).unwrap();
        let again = parse(payload(r#"{"groups":[{"b":2,"a":1}]}"#).as_bytes()).unwrap();
        assert_eq!(one[0].fingerprint, again[0].fingerprint);
        assert_ne!(one[0].fingerprint, one[1].fingerprint);
    }

    #[test]
    fn what_is_not_json_and_what_is_not_whatsapps_are_told_apart() {
        for body in [&b""[..], b"{", b"\xff", b"{} x", b"<html>"] {
            assert_eq!(parse(body).unwrap_err(), PayloadError::NotJson);
        }
        for body in ["{}", "[]", r#"{"object":"page","entry":[]}"#, r#"{"object":"whatsapp_business_account"}"#] {
            assert_eq!(parse(body.as_bytes()).unwrap_err(), PayloadError::NotWhatsApp, "{body}");
        }
    }

    #[test]
    fn what_is_odd_is_kept_and_costs_nothing_beside_it() {
        let body = r#"{"object":"whatsapp_business_account","entry":[7,{"id":"W"},{"id":"W","changes":[
            {"field":"future"},{"value":{"a":1}},"x",{"field":"good","value":{"groups":[{"b":2}]}}]}]}"#;
        let found: Vec<(String, String)> = parse(body.as_bytes())
            .unwrap()
            .into_iter()
            .map(|change| (change.field, change.value.get().to_owned()))
            .collect();
        let expected = [
            ("unreadable", "7"),
            ("unreadable", r#"{"id":"W"}"#),
            ("future", r#"{"field":"future"}"#),
            ("unreadable", r#"{"a":1}"#),
            ("unreadable", r#""x""#),
            ("good", r#"{"groups":[{"b":2}]}"#),
        ];
        assert_eq!(found, expected.map(|(field, value)| (field.to_owned(), value.to_owned())));
    }
}
