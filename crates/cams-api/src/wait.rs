//! `WaitSeconds`: how long a caller waits for a change that Meta confirms by webhook.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// 0 to 30 seconds; 0 means not to wait at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitSeconds(u8);

impl WaitSeconds {
    /// The longest wait.
    pub const MOST: u8 = 30;
    /// What a REST caller gets who does not say.
    pub const REST_DEFAULT: Self = Self(10);
    /// What an RPC caller gets who does not say: CAMS waits for nothing.
    pub const RPC_DEFAULT: Self = Self(0);

    /// The wait as a duration.
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl<'de> Deserialize<'de> for WaitSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u8(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = WaitSeconds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an integer from 0 to {}", WaitSeconds::MOST)
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<WaitSeconds, E> {
        let fitting = u8::try_from(seconds).ok().filter(|seconds| *seconds <= WaitSeconds::MOST);
        fitting.map(WaitSeconds).ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(seconds), &self))
    }
}

impl PartialSchema for WaitSeconds {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .description(Some(
                "Meta confirms the change by webhook. How many seconds to wait for that; 0: answer at once, with `UniqueCode` alone.",
            ))
            .minimum(Some(0))
            .maximum(Some(Self::MOST))
            .default(Some(Self::REST_DEFAULT.0.into()))
            .examples([10])
            .into()
    }
}

impl ToSchema for WaitSeconds {
    fn name() -> std::borrow::Cow<'static, str> {
        "WaitSeconds".into()
    }
}
