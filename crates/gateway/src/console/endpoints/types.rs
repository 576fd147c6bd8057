//! Types of events, as a form offers them: a box for each, and a line for what has none.

use std::collections::HashSet;

use cams_api::events::EventType;

use crate::admin::{AdminError, FieldError};
use crate::console::fields::Fields;

/// The field of the boxes.
pub(super) const CHOSEN: &str = "types";
/// The field of the line.
pub(super) const OTHERS: &str = "other_types";

/// Families of types. What Meta tells of an account has types without end, so it is offered as a family alone.
const FAMILIES: [(&str, &str); 3] = [
    ("group.*", "Everything about groups, also what is new in later versions."),
    ("message.*", "Everything about messages."),
    ("account.*", "Whatever else Meta tells of the account, such as a change of a template."),
];

/// A type of events, or a family of them, with what it is.
pub(super) struct Offered {
    /// As it is written.
    pub(super) name: &'static str,
    /// What it tells.
    pub(super) meaning: String,
}

/// What is offered for an endpoint. The gateway's own news go to the ISV's endpoints alone, tests to every one.
pub(super) fn offered(is_of_tenant: bool) -> Vec<Offered> {
    let families = FAMILIES.map(|(name, meaning)| Offered { name, meaning: meaning.to_owned() });
    let named = EventType::NAMED.iter().filter(|named| **named != EventType::EndpointTest);
    let named = named.filter(|named| !(is_of_tenant && named.is_ours()));
    let named = named.map(|named| Offered { name: named.as_str(), meaning: named.meaning().replace('`', "") });
    families.into_iter().chain(named).collect()
}

/// The fields of a form that shows these types.
pub(super) fn fields(types: &[String], is_of_tenant: bool) -> Vec<(&'static str, String)> {
    let boxes: HashSet<_> = offered(is_of_tenant).into_iter().map(|offered| offered.name).collect();
    let (chosen, others): (Vec<_>, Vec<_>) = types.iter().cloned().partition(|name| boxes.contains(name.as_str()));
    let chosen = chosen.into_iter().map(|name| (CHOSEN, name));
    chosen.chain([(OTHERS, others.join(" "))]).collect()
}

/// The types that a form names.
pub(super) fn named(form: &Fields) -> Vec<String> {
    let others = form.value(OTHERS).split(|char: char| char.is_whitespace() || char == ',');
    let others = others.filter(|name| !name.is_empty());
    form.all(CHOSEN).chain(others).map(str::to_owned).collect()
}

/// What is wrong with a type stands beside the line: no box is wrong.
pub(super) fn beside_their_field(error: AdminError) -> AdminError {
    let AdminError::Invalid(wrong) = error else { return error };
    let renamed = wrong.into_iter().map(|error| {
        let is_of_types = error.field == CHOSEN || error.field.starts_with("types.");
        if is_of_types { FieldError::new(OTHERS, error.message) } else { error }
    });
    AdminError::Invalid(renamed.collect())
}

#[cfg(test)]
mod tests {
    use cams_api::events::TypeFilter;

    use super::*;

    #[test]
    fn what_is_offered_may_be_chosen() {
        for is_of_tenant in [true, false] {
            let offered = offered(is_of_tenant);
            assert!(TypeFilter::parse(offered.iter().map(|offered| offered.name)).is_ok());
            assert_eq!(offered.iter().any(|offered| offered.name == "number.unknown"), !is_of_tenant);
        }
    }

    #[test]
    fn types_without_a_box_are_kept_on_the_line() {
        let types = ["group.created", "account.phone_number_quality_update", "group.participant.*"].map(str::to_owned);
        let fields = fields(&types, true);
        assert_eq!(fields[0], (CHOSEN, "group.created".to_owned()));
        assert_eq!(fields[1], (OTHERS, "account.phone_number_quality_update group.participant.*".to_owned()));
        assert_eq!(named(&Fields::of(fields)), types);
    }
}
