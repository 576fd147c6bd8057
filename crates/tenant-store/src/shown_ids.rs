//! IDs of endpoints, deliveries and issuers: UUIDs that say what they are of.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// Why a text is no ID of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an ID of {of} is `{prefix}` and 32 hex digits")]
pub struct InvalidId {
    of: &'static str,
    prefix: &'static str,
}

/// A UUID that is shown, and read, as a prefix and 32 hex digits.
macro_rules! shown_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $of:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
        #[sqlx(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse($prefix, text).map(Self).ok_or(InvalidId { of: $of, prefix: $prefix })
            }
        }
    };
}

shown_id! {
    /// An endpoint's ID: `ep_` and 32 hex digits.
    EndpointId, "ep_", "an endpoint"
}
shown_id! {
    /// A delivery's ID: `dlv_` and 32 hex digits. Later deliveries have greater ones, to the millisecond.
    DeliveryId, "dlv_", "a delivery"
}
shown_id! {
    /// An external issuer's ID: `iss_` and 32 hex digits.
    IssuerId, "iss_", "an issuer"
}

fn parse(prefix: &str, text: &str) -> Option<Uuid> {
    let digits = text.strip_prefix(prefix).filter(|digits| digits.len() == 32)?;
    Uuid::try_parse(digits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_shown_and_not_as_anothers() {
        let id = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_000a);
        let (endpoint, delivery) = (EndpointId(id), DeliveryId(id));
        assert_eq!(endpoint.to_string(), "ep_0199000000007000800000000000000a");
        assert_eq!(endpoint.to_string().parse(), Ok(endpoint));
        assert_eq!(delivery.to_string().parse(), Ok(delivery));
        for wrong in [&delivery.to_string(), "", "ep_", "0199000000007000800000000000000a", &format!("ep_{id}")] {
            let error = wrong.parse::<EndpointId>().unwrap_err();
            assert_eq!(error.to_string(), "an ID of an endpoint is `ep_` and 32 hex digits", "{wrong}");
        }
    }
}
