//! What templates are called. Meta allows few looks at an account's templates, and a template keeps its name.

use cams_api::messages::{TemplateCode, TemplateName};
use quick_cache::sync::Cache;

/// How many templates are remembered at the most.
const KNOWN: usize = 50_000;

/// Names of templates, by the account that has them and Meta's ID of them.
pub struct KnownTemplates(Cache<(String, String), TemplateName>);

impl Default for KnownTemplates {
    fn default() -> Self {
        Self(Cache::new(KNOWN))
    }
}

impl KnownTemplates {
    /// The name of the account's template with this ID, where it was looked up before.
    pub fn name(&self, waba_id: &str, code: &TemplateCode) -> Option<TemplateName> {
        self.0.get(&(waba_id.to_owned(), code.as_str().to_owned()))
    }

    /// The account's template with this ID has this name.
    pub fn insert(&self, waba_id: &str, code: &TemplateCode, name: TemplateName) {
        self.0.insert((waba_id.to_owned(), code.as_str().to_owned()), name);
    }
}
