//! How a parameter that is written as text becomes a value that cannot be wrong.

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

pub(crate) use {debug_as, display_as_str, text_parameter};
