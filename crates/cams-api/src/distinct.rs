//! Lists of which no two items are alike. A mistake names its item, such as `List[1]`.

use serde::de::{DeserializeSeed, Error, Expected, SeqAccess};
use serde::{Deserialize, Deserializer};

/// What such a list is made of.
pub(crate) trait Item: Sized {
    /// The next item; `before` are those that the list has already.
    fn next<'de, A: SeqAccess<'de>>(items: &mut A, before: &[Self]) -> Result<Option<Self>, A::Error>;
}

/// Reads a list of 1 to `most` items.
pub(crate) fn read<'de, T: Item, A: SeqAccess<'de>>(
    mut items: A,
    most: usize,
    expected: &dyn Expected,
) -> Result<Vec<T>, A::Error> {
    let mut list = Vec::new();
    while let Some(item) = T::next(&mut items, &list)? {
        list.push(item);
        if list.len() > most {
            return Err(Error::invalid_length(list.len(), expected));
        }
    }
    if list.is_empty() { Err(Error::invalid_length(0, expected)) } else { Ok(list) }
}

/// Reads a value that must not be one of these.
pub(crate) struct Unlisted<'a, T>(pub(crate) &'a [T]);

impl<'de, T: Deserialize<'de> + PartialEq> DeserializeSeed<'de> for Unlisted<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        let value = T::deserialize(deserializer)?;
        if self.0.contains(&value) {
            Err(Error::custom("another than those that stand before it in the list"))
        } else {
            Ok(value)
        }
    }
}
