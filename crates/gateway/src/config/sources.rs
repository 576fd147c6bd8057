//! Where values come from: flags before the environment before defaults; secrets from files too.

use std::{collections::BTreeMap, ffi::OsString, fmt, path::PathBuf};

use zeroize::Zeroizing;

use super::{AnySetting, ConfigError, Setting, SettingFlags, Warning, catalog, secret_file, setting::About, unknown};

/// The environment as it was at start; wiped when it is dropped, since values may be secrets. Tests make their own.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, Zeroizing<Vec<u8>>>);

impl Environment {
    /// The process's own environment. Called once, in `main`.
    pub fn of_this_process() -> Self {
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect()
    }

    /// This environment without the variables that `forgotten` names.
    #[must_use]
    pub fn without(mut self, forgotten: impl Fn(&str) -> bool) -> Self {
        self.0.retain(|name, _| !forgotten(name));
        self
    }

    /// This environment with one variable more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), wiped(value));
        self
    }

    /// The value of `name`. An empty one counts as unset: that is how Compose files pass nothing.
    fn text(&self, name: &str) -> Result<Option<&str>, ConfigError> {
        let not_text = |_| ConfigError::NotText { variable: name.to_owned() };
        let text = self.0.get(name).map(|value| str::from_utf8(value).map_err(not_text)).transpose()?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), wiped(value))).collect())
    }
}

/// A variable's value, whose text is UTF-8 in this encoding too.
fn wiped(value: impl Into<OsString>) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(value.into().into_encoded_bytes())
}

impl fmt::Debug for Environment {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command.
    Flag(&'static str),
    /// The variable itself.
    Environment(&'static str),
    /// The file that the variable's `…_FILE` twin names.
    File(&'static str, PathBuf),
    /// The table of settings.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "--{flag}"),
            Self::Environment(variable) => f.write_str(variable),
            Self::File(variable, path) => write!(f, "{variable}_FILE ({})", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A setting's text, which may be a secret and is wiped when it is dropped, and where it came from.
pub(super) struct Found {
    pub(super) text: Zeroizing<String>,
    pub(super) origin: Origin,
}

/// All that a command was given: its flags and its environment.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    flags: SettingFlags,
    environment: Environment,
}

impl Sources {
    /// Flags win over the environment.
    pub fn new(flags: SettingFlags, environment: Environment) -> Self {
        Self { flags, environment }
    }

    /// The value of a setting that must have one, given or by default.
    pub fn required<T>(&self, setting: &Setting<T>) -> Result<T, ConfigError> {
        self.optional(setting)?.ok_or_else(|| ConfigError::missing(setting.about()))
    }

    /// The value of a setting that may be absent.
    pub fn optional<T>(&self, setting: &Setting<T>) -> Result<Option<T>, ConfigError> {
        let Some(found) = self.find(setting.about())? else { return Ok(None) };
        let wrong = |expected| found.is_wrong(setting.about(), expected);
        setting.parse(&found.text).map(Some).map_err(wrong)
    }

    /// Whether the setting is given, rather than left to its default.
    pub fn gives(&self, setting: &dyn AnySetting) -> Result<bool, ConfigError> {
        Ok(self.find(setting.about())?.is_some_and(|found| found.origin != Origin::Default))
    }

    /// Looks at every value that is given, needed or not.
    ///
    /// # Errors
    /// The first that is wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        catalog::ALL.iter().try_for_each(|setting| self.check_one(*setting))
    }

    fn check_one(&self, setting: &dyn AnySetting) -> Result<(), ConfigError> {
        let Some(found) = self.find(setting.about())? else { return Ok(()) };
        setting.check(&found.text).map_err(|expected| found.is_wrong(setting.about(), expected))
    }

    /// The value of a variable that is no setting of ours, but named by somebody; an empty one counts as unset.
    pub(crate) fn variable(&self, name: &str) -> Result<Option<&str>, ConfigError> {
        self.environment.text(name)
    }

    /// Variables that look like ours and do nothing, and files of secrets that other users of the machine can reach.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = unknown::warnings(self.environment.names());
        warnings.extend(catalog::ALL.iter().filter_map(|setting| self.open_file(setting.about())));
        warnings
    }

    fn open_file(&self, about: &About) -> Option<Warning> {
        let variable = about.file_variable()?;
        let path = PathBuf::from(self.environment.text(&variable).ok()??);
        let mode = secret_file::mode_open_to_others(&path)?;
        Some(Warning::OpenFile { variable, path, mode })
    }

    pub(super) fn find(&self, about: &About) -> Result<Option<Found>, ConfigError> {
        if let Some((flag, text)) = self.flags.get(about) {
            return Ok(Some(Found::new(text, Origin::Flag(flag))));
        }
        if let Some(found) = self.find_in_file(about)? {
            return Ok(Some(found));
        }
        let given = self.environment.text(about.variable)?;
        Ok(given
            .map(|text| Found::new(text, Origin::Environment(about.variable)))
            .or_else(|| about.default.map(|text| Found::new(text, Origin::Default))))
    }

    fn find_in_file(&self, about: &About) -> Result<Option<Found>, ConfigError> {
        let Some(file_variable) = about.file_variable() else { return Ok(None) };
        let Some(path) = self.environment.text(&file_variable)?.map(PathBuf::from) else { return Ok(None) };
        if self.environment.text(about.variable)?.is_some() {
            return Err(ConfigError::Both { variable: about.variable });
        }
        let cannot = |source| ConfigError::File { variable: about.variable, path: path.clone(), source };
        let text = secret_file::read(&path).map_err(cannot)?;
        // Editors and `echo` add a line break.
        Ok(Some(Found::new(text.trim_end_matches(['\r', '\n']), Origin::File(about.variable, path))))
    }
}

impl Found {
    fn new(text: &str, origin: Origin) -> Self {
        Self { text: Zeroizing::new(text.to_owned()), origin }
    }

    pub(super) fn is_wrong(&self, about: &About, expected: String) -> ConfigError {
        let name = match &self.origin {
            Origin::Default => about.variable.to_owned(),
            origin => origin.to_string(),
        };
        ConfigError::Wrong { name, value: self.shown(about), expected }
    }

    /// The value in quotes; of a secret only its length, which is what a cut-off copy shows by.
    fn shown(&self, about: &About) -> String {
        if about.is_secret() {
            format!("wrong (a secret of {} characters, not shown)", self.text.chars().count())
        } else {
            format!("{:?}", self.text.as_str())
        }
    }
}
