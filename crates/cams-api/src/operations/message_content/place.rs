//! A place on Earth.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

use crate::messages::Text;

/// A place.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Location {
    /// Degrees north of the equator.
    pub latitude: Latitude,
    /// Degrees east of Greenwich.
    pub longitude: Longitude,
    /// What it is called.
    pub name: Option<Text<1000>>,
    /// Its address.
    pub address: Option<Text<1000>>,
}

impl fmt::Debug for Location {
    /// Without the place, which is the message's content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Location(…)")
    }
}

/// Makes an angle from its range. CAMS writes angles as strings, Meta as numbers; both are read.
macro_rules! angle {
    ($name:ident, $meaning:literal, $most:literal) => {
        #[doc = $meaning]
        #[derive(Clone, Copy, PartialEq)]
        pub struct $name(f64);

        impl $name {
            /// The angle in degrees.
            pub const fn degrees(self) -> f64 {
                self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Angle { most: $most }).map(Self)
            }
        }
    };
}

angle!(Latitude, "Degrees north of the equator, -90 to 90.", 90_i32);
angle!(Longitude, "Degrees east of Greenwich, -180 to 180.", 180_i32);

struct Angle {
    most: i32,
}

impl Angle {
    fn checked<E: de::Error>(&self, degrees: Option<f64>) -> Result<f64, E> {
        let most = f64::from(self.most);
        let fitting = degrees.filter(|degrees| (-most..=most).contains(degrees));
        fitting.ok_or_else(|| E::invalid_value(de::Unexpected::Other("another"), self))
    }
}

impl de::Visitor<'_> for Angle {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number of degrees from -{most} to {most}", most = self.most)
    }

    fn visit_f64<E: de::Error>(self, degrees: f64) -> Result<f64, E> {
        self.checked(Some(degrees))
    }

    fn visit_i64<E: de::Error>(self, degrees: i64) -> Result<f64, E> {
        self.checked(i32::try_from(degrees).ok().map(f64::from))
    }

    fn visit_u64<E: de::Error>(self, degrees: u64) -> Result<f64, E> {
        self.checked(i32::try_from(degrees).ok().map(f64::from))
    }

    fn visit_str<E: de::Error>(self, degrees: &str) -> Result<f64, E> {
        self.checked(degrees.trim().parse().ok())
    }
}
