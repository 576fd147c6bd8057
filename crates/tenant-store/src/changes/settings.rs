//! The settings of a group that a change asks for, and those that an event tells of, in the form in which PostgreSQL compares
//! them (`is_asked_for` in the migrations): each by its name, with a list that has the digest of its text.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use serde_json::{Map, Value, json};
use unicode_normalization::UnicodeNormalization as _;

use super::NewChange;
use crate::ToldSetting;

/// The settings that a request may ask for, as it names them.
const NAMES: [&str; 3] = ["Subject", "Description", "ProfilePicture"];

/// What a change of a group asks for; `None` where that is no setting.
pub(super) fn asked(new: &NewChange) -> Option<Value> {
    new.group_id.as_ref()?;
    let asked = NAMES.into_iter().filter(|name| !new.request[*name].is_null());
    compared(asked.map(|name| (name, new.request[name].as_str())))
}

/// What an event tells of, with all texts that it has; `None` where it names no setting.
pub(crate) fn told(settings: &BTreeMap<String, ToldSetting>) -> Option<Value> {
    compared(settings.iter().map(|(name, told)| (name.as_str(), told.text.as_deref())))
}

/// The same with those texts alone that are surely what was asked for.
pub(crate) fn surely_told(settings: &BTreeMap<String, ToldSetting>) -> Option<Value> {
    compared(settings.iter().map(|(name, told)| (name.as_str(), told.text.as_deref().filter(|_| told.is_changed))))
}

fn compared<'a>(settings: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Option<Value> {
    let settings: Map<String, Value> =
        settings.map(|(name, text)| (name.to_owned(), text.into_iter().map(digest_of).collect())).collect();
    (!settings.is_empty()).then(|| json!(settings))
}

/// The same for texts that differ only in what a server on the way may change: space at the ends, how lines end, and how a
/// letter with its accent is written.
fn digest_of(text: &str) -> String {
    let composed: String = text.nfc().collect();
    let words: Vec<&str> = composed.split_whitespace().collect();
    hex::encode(digest::digest(&digest::SHA256, words.join(" ").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::digest_of;

    #[test]
    fn what_a_server_may_change_of_a_text_makes_no_difference() {
        for (one, other) in
            [(" Questions\r\nand answers ", "Questions\nand answers"), ("A\u{308}rger", "\u{c4}rger"), ("  ", "")]
        {
            assert_eq!(digest_of(one), digest_of(other));
        }
        for (one, other) in [("Questions", "questions"), ("One", "Another"), ("One", ""), ("a b", "ab")] {
            assert_ne!(digest_of(one), digest_of(other));
        }
    }
}
