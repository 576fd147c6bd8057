//! CAMS's parameters that `SendChatappMessage` does not have here: read over where CAMS itself says that they do
//! nothing, and refused with the reason where leaving them out would change what is sent.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::SendChatappMessage;

/// What becomes of a parameter of CAMS's.
#[derive(Clone, Copy)]
enum Fate {
    /// Read over: deprecated, or "a test parameter".
    Ignored,
    /// Refused; this completes "it must be left out".
    Refused(&'static str),
}

/// Every parameter of CAMS's request, as of its SDK 5.3.1, that is no parameter here.
const FATES: &[(&str, Fate)] = &[
    ("CustWabaId", Fate::Ignored),
    ("IsvCode", Fate::Ignored),
    ("AdAccountId", Fate::Ignored),
    ("MessageCampaignId", Fate::Ignored),
    ("TokenType", Fate::Ignored),
    ("BusinessNumber", Fate::Refused("here: as in CAMS, the business number is `From`")),
    ("Category", Fate::Refused("since direct sending is not served")),
    ("FallBackContent", Fate::Refused(FALL_BACK)),
    ("FallBackDuration", Fate::Refused(FALL_BACK)),
    ("FallBackId", Fate::Refused(FALL_BACK)),
    ("FallBackRule", Fate::Refused(FALL_BACK)),
    ("FlowAction", Fate::Refused("since templates with flows are not served")),
    ("ProductAction", Fate::Refused("since templates with products are not served")),
    ("Label", Fate::Refused(VIBER)),
    ("Tag", Fate::Refused(VIBER)),
    ("TrackingData", Fate::Refused(VIBER)),
    ("Ttl", Fate::Refused(VIBER)),
];
const FALL_BACK: &str = "since there is no channel here to fall back to";
const VIBER: &str = "since Viber alone has it, and `WHATSAPP` is the only channel here";

impl<'de> Deserialize<'de> for SendChatappMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The type's own `deserialize`, which knows its parameters, and not that of the trait.
        SendChatappMessage::deserialize(Screen(deserializer))
    }
}

/// Shows the parameters to the type without those that have a fate of their own.
struct Screen<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Screen<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(ScreenedVisitor(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        // A reader that passes over names which the type does not have is to show these all the same.
        static KNOWN: OnceLock<Vec<&str>> = OnceLock::new();
        let known = KNOWN.get_or_init(|| fields.iter().copied().chain(FATES.iter().map(|(name, _)| *name)).collect());
        self.0.deserialize_struct(name, known, ScreenedVisitor(visitor))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct ScreenedVisitor<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for ScreenedVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the operation's parameters")
    }

    fn visit_map<A: MapAccess<'de>>(self, parameters: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Screened(parameters))
    }
}

/// The parameters without those that have a fate of their own.
struct Screened<A>(A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Screened<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.0.next_key::<Cow<'_, str>>()? {
            match FATES.iter().find(|(known, _)| *known == name) {
                None => return seed.deserialize((*name).into_deserializer()).map(Some),
                Some((_, Fate::Ignored)) => drop(self.0.next_value::<Option<IgnoredAny>>()?),
                Some((_, Fate::Refused(why))) => self.0.next_value_seed(Absent(why))?,
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}

/// Takes `null`, which counts as absent, and nothing else.
struct Absent(&'static str);

impl<'de> DeserializeSeed<'de> for Absent {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Absent {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "left out {}", self.0)
    }

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        Err(de::Error::custom(format_args!("left out {}", self.0)))
    }
}
