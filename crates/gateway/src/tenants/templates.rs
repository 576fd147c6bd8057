//! What templates are called. Meta allows few looks at an account's templates, and a template keeps its name.

use std::time::{Duration, Instant};

use cams_api::messages::{TemplateCode, TemplateName};
use quick_cache::sync::Cache;
use tokio::sync::OwnedMutexGuard;

use crate::cache;
use crate::flights::Flights;
use crate::telemetry::metrics::CacheFigures;

/// How many templates are remembered at the most.
const KNOWN: usize = 50_000;
/// How many IDs that no template has are remembered at the most.
const UNKNOWN: usize = 20_000;
/// How long an ID that the account's list did not have is not looked for again.
const FORGET_UNKNOWN: Duration = Duration::from_mins(1);

/// An account, and Meta's ID of a template.
type Key = (String, String);

/// Names of templates, by the account that has them and Meta's ID of them, and IDs that are known to be nobody's.
pub struct KnownTemplates {
    names: Cache<Key, TemplateName>,
    unknown: Cache<Key, Instant>,
    searches: Flights,
}

impl Default for KnownTemplates {
    fn default() -> Self {
        Self { names: Cache::new(KNOWN), unknown: Cache::new(UNKNOWN), searches: Flights::default() }
    }
}

impl KnownTemplates {
    /// How the caches stand now.
    pub(crate) fn caches(&self) -> [CacheFigures; 2] {
        [cache::figures("templates", &self.names), cache::figures("unknown_templates", &self.unknown)]
    }

    /// The name of the account's template with this ID, where a list has shown it.
    pub fn name(&self, waba_id: &str, code: &TemplateCode) -> Option<TemplateName> {
        self.names.get(&key(waba_id, code))
    }

    /// Lets one caller at a time look for templates of the account.
    pub async fn search(&self, waba_id: &str) -> OwnedMutexGuard<()> {
        self.searches.enter(waba_id).await
    }

    /// The account's template with this ID has this name.
    pub fn insert(&self, waba_id: &str, code: &TemplateCode, name: TemplateName) {
        self.names.insert(key(waba_id, code), name);
    }

    /// The account's list did not have it.
    pub fn insert_unknown(&self, waba_id: &str, code: &TemplateCode) {
        self.unknown.insert(key(waba_id, code), Instant::now());
    }

    /// Whether the account's list lately did not have it.
    pub fn is_unknown(&self, waba_id: &str, code: &TemplateCode) -> bool {
        self.unknown.get(&key(waba_id, code)).is_some_and(|since| since.elapsed() < FORGET_UNKNOWN)
    }
}

fn key(waba_id: &str, code: &TemplateCode) -> Key {
    (waba_id.to_owned(), code.as_str().to_owned())
}
