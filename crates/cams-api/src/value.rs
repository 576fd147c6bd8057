//! How a parameter becomes a value that cannot be wrong: from text, and from an integer.

use std::fmt;
use std::ops::RangeInclusive;

use serde::de;

/// Whether text is 1 to `most` bytes, all of which are `allowed`.
pub(crate) fn is_made_of(text: &str, most: usize, allowed: impl Fn(&u8) -> bool) -> bool {
    (1..=most).contains(&text.len()) && text.as_bytes().iter().all(allowed)
}

/// Makes a parameter's type from its rule: reading, writing and its page in the OpenAPI document.
///
/// The type needs `fn parse(&str) -> Option<Self>` and `fn as_str(&self) -> &str`; `rule` completes
/// the sentence "it must be …", and stands in the document as `x-rule`.
macro_rules! text_parameter {
    ($name:ident, rule: $rule:expr, schema: $schema:expr) => {
        impl std::str::FromStr for $name {
            type Err = $crate::parameters::WrongValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text).ok_or($crate::parameters::WrongValue { rule: $rule })
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($rule)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::parse(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                let rule = utoipa::openapi::extensions::ExtensionsBuilder::new().add("x-rule", $rule).build();
                $schema.schema_type(utoipa::openapi::schema::Type::String).extensions(Some(rule)).into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    };
}

/// Makes an integer parameter's type from its range: reading, and its page in the OpenAPI document.
///
/// `rule` completes the sentence "it must be …"; `schema` is what the page says beside the range.
macro_rules! integer_parameter {
    ($name:ident, $meaning:literal, $least:expr, $most:expr, rule: $rule:literal, schema: $schema:expr) => {
        #[doc = $meaning]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(u64);

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let range = $crate::value::IntegerRange { range: $least..=$most, rule: $rule };
                deserializer.deserialize_u64(range).map(Self)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                let schema = $schema.schema_type(utoipa::openapi::schema::Type::Integer);
                schema.description(Some($meaning)).minimum(Some::<u64>($least)).maximum(Some::<u64>($most)).into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
    };
}

/// Reads an integer that must lie in a range.
pub(crate) struct IntegerRange {
    /// The first and the last that fit.
    pub(crate) range: RangeInclusive<u64>,
    /// What completes the sentence "it must be …".
    pub(crate) rule: &'static str,
}

impl de::Visitor<'_> for IntegerRange {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<u64, E> {
        let fitting = Some(number).filter(|number| self.range.contains(number));
        fitting.ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
    }
}

/// `Display` for a parameter that may stand in a log or a message.
macro_rules! display_as_str {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// `Debug` for a parameter that may not stand in a log as it is: how it is shown is a type of [`crate::privacy`].
macro_rules! debug_as {
    ($name:ident, $shown:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), $shown(self.as_str()))
            }
        }
    };
}

pub(crate) use {debug_as, display_as_str, integer_parameter, text_parameter};
