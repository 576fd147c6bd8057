//! A serde deserializer over JSON values whose errors know the parameter that they are about.

use serde::de::value::StringDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Number, Value};

use super::error::shortened;
use super::{ParameterError, lexical};

/// How what was sent is matched to the type that it is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// As it is written.
    Exact,
    /// Names in any case, and with `_` or without: `messageId`, `MessageID` and `message_id` are one name.
    Folded,
    /// All that was sent is text, as in a query: numbers and booleans are read from it, lists and objects as JSON text or
    /// from their flattened members. Names that the type does not have are passed over.
    Lexical,
}

/// The parameters of one request, or of one object inside it.
pub(super) struct Parameters<'a> {
    left: serde_json::map::Iter<'a>,
    next: Option<(&'a str, &'a Value)>,
    reading: Reading,
    /// Whether a name that the type does not have is handed to it, which may refuse it, also where all was sent as text.
    is_strict: bool,
    /// The names of the type that is read, where they are known.
    fields: &'static [&'static str],
}

impl<'a> Parameters<'a> {
    pub(super) fn new(parameters: &'a Map<String, Value>, reading: Reading) -> Self {
        Self { left: parameters.iter(), next: None, reading, is_strict: reading != Reading::Lexical, fields: &[] }
    }

    /// Passes no name over.
    pub(super) fn strict(self) -> Self {
        Self { is_strict: true, ..self }
    }

    fn next_known(&mut self) -> Option<(&'a str, &'a Value)> {
        let passes_over = !self.is_strict && !self.fields.is_empty();
        let mut left = self.left.by_ref().map(|(name, value)| (name.as_str(), value));
        left.find(|(name, _)| !passes_over || self.fields.contains(name))
    }

    /// The name as the type has it.
    fn matched(&self, name: &'a str) -> &'a str {
        let same = |field: &&&'static str| self.reading == Reading::Folded && is_same_folded(field, name);
        self.fields.iter().find(same).copied().unwrap_or(name)
    }
}

fn is_same_folded(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

/// What is left of a name in which neither case nor `_` counts.
fn letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase())
}

impl<'de> Deserializer<'de> for Parameters<'_> {
    type Error = ParameterError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        visitor.visit_map(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        visitor.visit_map(Self { fields, ..self })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de> de::MapAccess<'de> for Parameters<'_> {
    type Error = ParameterError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ParameterError> {
        self.next = self.next_known();
        self.next.map(|(name, _)| seed.deserialize(self.matched(name).into_deserializer())).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ParameterError> {
        let (name, value) = self.next.take().ok_or_else(|| de::Error::custom("read after its name"))?;
        let is_ours = self.fields.contains(&self.matched(name));
        let presence = if is_ours { Presence::Required } else { Presence::Given };
        let parameter = Parameter { value, presence, reading: self.reading };
        seed.deserialize(parameter).map_err(|error| error.within(&shortened(name, 64), Some(value)))
    }
}

/// One parameter's value.
pub(super) struct Parameter<'a> {
    value: &'a Value,
    presence: Presence,
    reading: Reading,
}

/// What it means that a parameter is empty.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// It is missing.
    Required,
    /// One that is `null` is absent, and one that is `""` is held to its rule.
    Optional,
    /// It is held to its rule: its name is the caller's own, such as a template's variable, and nothing of that name can be
    /// missing.
    Given,
}

impl<'a> Parameter<'a> {
    pub(super) fn new(value: &'a Value, reading: Reading) -> Self {
        Self { value, presence: Presence::Required, reading }
    }

    /// What the text of this parameter says.
    fn with(self, value: &Value) -> Parameter<'_> {
        Parameter { value, ..self }
    }

    /// Whether the value is text that a list or an object is to be read from.
    fn is_structure_as_text(&self) -> bool {
        self.reading == Reading::Lexical && !self.is_absent()
    }

    /// A number or a boolean.
    fn deserialize_scalar<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        match (self.reading, self.value) {
            (Reading::Lexical, Value::String(text)) if let Some(value) = lexical::scalar(text) => {
                self.with(&value).deserialize_any(visitor)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn is_absent(&self) -> bool {
        match self.value {
            Value::Null => self.presence != Presence::Given,
            Value::String(text) => text.trim().is_empty() && self.presence == Presence::Required,
            _ => false,
        }
    }
}

/// Methods that read a number or a boolean.
macro_rules! scalars {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
            self.deserialize_scalar(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Parameter<'_> {
    type Error = ParameterError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        if self.is_absent() {
            return Err(ParameterError::Missing { parameter: String::new() });
        }
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => visit_number(number, visitor),
            Value::String(text) => visitor.visit_str(text),
            Value::Array(items) => visitor.visit_seq(Items::written(items.iter(), self.reading)),
            Value::Object(parameters) => visitor.visit_map(Parameters::new(parameters, self.reading)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        match self.value {
            Value::Object(parameters) => {
                Parameters::new(parameters, self.reading).deserialize_struct(name, fields, visitor)
            }
            Value::String(text) if self.is_structure_as_text() => {
                let value = lexical::structure(text, &visitor)?;
                self.with(&value).deserialize_struct(name, fields, visitor)
            }
            _ if self.is_absent() => Err(ParameterError::Missing { parameter: String::new() }),
            // A derived type would read a list, too, and take its items for its fields in their order.
            _ => Err(de::Error::custom("a JSON object")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(Self { presence: Presence::Optional, ..self }),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        match self.value {
            Value::Array(items) if items.is_empty() && self.presence == Presence::Required => {
                Err(ParameterError::Missing { parameter: String::new() })
            }
            Value::String(text) if self.is_structure_as_text() => {
                let value = lexical::structure(text, &visitor)?;
                self.with(&value).deserialize_seq(visitor)
            }
            Value::Object(members) if self.reading == Reading::Lexical => {
                let items = lexical::numbered(members).ok_or_else(|| de::Error::custom(lexical::NUMBERED))?;
                visitor.visit_seq(Items::flattened(items.into_iter(), self.reading))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParameterError> {
        match self.value {
            Value::String(text) if self.is_structure_as_text() => {
                let value = lexical::structure(text, &visitor)?;
                self.with(&value).deserialize_any(visitor)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParameterError> {
        match self.value {
            _ if self.is_absent() => Err(ParameterError::Missing { parameter: String::new() }),
            Value::String(word) => visitor.visit_enum(StringDeserializer::new(word.clone())),
            _ => Err(de::Error::unknown_variant("", variants)),
        }
    }

    scalars! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

fn visit_number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, ParameterError> {
    if let Some(value) = number.as_u64() {
        visitor.visit_u64(value)
    } else if let Some(value) = number.as_i64() {
        visitor.visit_i64(value)
    } else {
        visit_fraction(number.as_f64().unwrap_or(f64::NAN), visitor)
    }
}

/// `10.0` is an integer, as [JSON Schema](https://json-schema.org/draft/2020-12/json-schema-core#section-4.2.3) has it.
fn visit_fraction<'de, V: Visitor<'de>>(value: f64, visitor: V) -> Result<V::Value, ParameterError> {
    #[expect(clippy::cast_possible_truncation, reason = "the range in which every integer is exact is checked first")]
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        match u64::try_from(value as i64) {
            Ok(value) => visitor.visit_u64(value),
            Err(_) => visitor.visit_i64(value as i64),
        }
    } else {
        visitor.visit_f64(value)
    }
}

/// The items of a list.
struct Items<I> {
    left: std::iter::Enumerate<I>,
    reading: Reading,
    /// How the item at this index is called, seen from the list.
    name: fn(usize) -> String,
}

impl<'a, I: Iterator<Item = &'a Value>> Items<I> {
    /// Of a list in JSON: `List[0]`.
    fn written(items: I, reading: Reading) -> Self {
        Self { left: items.enumerate(), reading, name: |index| format!("[{index}]") }
    }

    /// Of a list whose items are parameters of their own: `List.1`.
    fn flattened(items: I, reading: Reading) -> Self {
        Self { left: items.enumerate(), reading, name: |index| (index + 1).to_string() }
    }
}

impl<'a, 'de, I: Iterator<Item = &'a Value>> de::SeqAccess<'de> for Items<I> {
    type Error = ParameterError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ParameterError> {
        let Some((index, value)) = self.left.next() else { return Ok(None) };
        let item = seed.deserialize(Parameter::new(value, self.reading));
        item.map(Some).map_err(|error| error.within(&(self.name)(index), Some(value)))
    }
}
