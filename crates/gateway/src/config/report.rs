//! What is in force and where it came from, for `groupgate config check`; secrets are masked.

use serde::Serialize;

use super::{AnySetting, ConfigError, Sources, catalog, setting::About, sources::Found};

const MASK: &str = "***";

/// All settings as they are in force, the wrong ones with what is wrong.
#[derive(Debug, Serialize)]
pub struct Report {
    /// One a setting, in the table's order.
    pub settings: Vec<Row>,
    /// Variables that have no effect.
    pub warnings: Vec<String>,
}

/// One setting as it is in force.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The variable's name.
    pub variable: &'static str,
    /// The value, masked where it is a secret; absent where there is none.
    pub value: Option<String>,
    /// Where the value came from: a flag, a variable, a file, `default`.
    pub origin: String,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Report {
    /// Looks at every setting, so that several mistakes are seen at once.
    pub fn of(sources: &Sources) -> Self {
        let settings = catalog::ALL.iter().map(|setting| Row::of(sources, *setting)).collect();
        let warnings = sources.warnings().iter().map(ToString::to_string).collect();
        Self { settings, warnings }
    }

    /// Whether any setting is wrong.
    pub fn has_errors(&self) -> bool {
        self.settings.iter().any(|row| row.error.is_some())
    }
}

impl Row {
    fn of(sources: &Sources, setting: &dyn AnySetting) -> Self {
        let about = setting.about();
        match sources.find(about) {
            Err(error) => Self::broken(about, &error),
            Ok(None) => Self::absent(about),
            Ok(Some(found)) => Self::found(setting, &found),
        }
    }

    fn broken(about: &About, error: &ConfigError) -> Self {
        let origin = about.variable.to_owned();
        Self { variable: about.variable, value: None, origin, error: Some(error.to_string()) }
    }

    fn absent(about: &About) -> Self {
        let error = about.required.then(|| ConfigError::missing(about).to_string());
        let origin = format!("default ({})", about.default_note);
        Self { variable: about.variable, value: None, origin, error }
    }

    fn found(setting: &dyn AnySetting, found: &Found) -> Self {
        let about = setting.about();
        let error = setting.check(&found.text).err().map(|expected| found.is_wrong(about, expected).to_string());
        let value = if about.is_secret() { MASK.to_owned() } else { found.text.to_string() };
        Self { variable: about.variable, value: Some(value), origin: found.origin.to_string(), error }
    }
}
