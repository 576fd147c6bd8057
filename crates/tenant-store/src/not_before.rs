//! Until when Meta takes no calls, as one replica tells the others of it.
//!
//! It lies nowhere: whoever did not listen when it was told finds out by calls of its own.

use std::{borrow::Cow, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{Store, StoreError, idempotency::Owner};

/// Raised only where replicas of before would misread what is told; a member that they do not know they pass over.
const VERSION: u32 = 1;

/// Meta takes no calls that count against a quota, for some time from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotBefore {
    /// The kind of the quota. Whoever does not know it has nothing to hold.
    pub quota: String,
    /// Whose quota it is; empty where there is one alone of its kind.
    pub id: String,
    /// For how long. A time of day it is not, since clocks differ.
    pub wait: Duration,
}

/// What is sent.
#[derive(Serialize, Deserialize)]
struct Payload<'a> {
    version: u32,
    from: i64,
    quota: Cow<'a, str>,
    id: Cow<'a, str>,
    milliseconds: u64,
}

impl NotBefore {
    fn payload(&self, from: Owner) -> serde_json::Result<String> {
        serde_json::to_string(&Payload {
            version: VERSION,
            from: from.0,
            quota: self.quota.as_str().into(),
            id: self.id.as_str().into(),
            milliseconds: u64::try_from(self.wait.as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// What another than `me` told; `None` where it is nothing that this version understands.
    pub(crate) fn read(payload: &str, me: Owner) -> Option<Self> {
        let told: Payload<'_> = serde_json::from_str(payload).ok()?;
        (told.version == VERSION && told.from != me.0).then(|| Self {
            quota: told.quota.into_owned(),
            id: told.id.into_owned(),
            wait: Duration::from_millis(told.milliseconds),
        })
    }
}

impl Store {
    /// Tells the other replicas that Meta takes no calls for some time.
    pub async fn tell_not_before(&self, told: &NotBefore) -> Result<(), StoreError> {
        let payload = told.payload(self.owner()).map_err(|error| StoreError::Internal(error.to_string()))?;
        sqlx::query!("select pg_notify('groupgate_not_before', $1)", payload).execute(self.pool()).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Owner = Owner(7);

    #[test]
    fn what_is_told_is_read_by_all_others() {
        let told = NotBefore { quota: "waba".to_owned(), id: "102\"".to_owned(), wait: Duration::from_mins(1) };
        let payload = told.payload(ME).unwrap();
        assert_eq!(NotBefore::read(&payload, Owner(8)), Some(told));
        assert_eq!(NotBefore::read(&payload, ME), None, "whoever tells it knows it");
    }

    #[test]
    fn replicas_of_other_versions_are_understood_as_far_as_they_can_be() {
        let told = |version, more| {
            let payload = format!(r#"{{"version":{version},"from":8,"quota":"new","id":"1","milliseconds":5{more}}}"#);
            NotBefore::read(&payload, ME).map(|told| told.wait)
        };
        assert_eq!(told(1, ""), Some(Duration::from_millis(5)));
        assert_eq!(told(1, r#","why":"a later version says why""#), Some(Duration::from_millis(5)));
        assert_eq!(told(2, ""), None);
        for payload in ["", "{}", "[]", "waba 1 5", r#"{"version":1,"from":8,"quota":"app","id":"","milliseconds":-5}"#]
        {
            assert_eq!(NotBefore::read(payload, ME), None, "{payload}");
        }
    }
}
