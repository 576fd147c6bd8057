//! What a setting is: its names, default and meaning, and how its text becomes a value.

/// One setting whose value is a `T`.
#[derive(Debug)]
pub struct Setting<T> {
    about: About,
    parse: fn(&str) -> Result<T, String>,
}

/// What is said of a setting, whatever its type.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// The environment variable, such as `GROUPGATE_PUBLIC_URL`.
    pub variable: &'static str,
    /// The flag without its dashes; a secret has none, since other users of a machine see arguments.
    pub flag: Option<&'static str>,
    /// The text that stands in where nothing is given.
    pub default: Option<&'static str>,
    /// How the default is described where it is not a fixed text, such as `one a core`.
    pub default_note: &'static str,
    /// Whether the gateway does not start without it.
    pub required: bool,
    /// One sentence for `--help`.
    pub meaning: &'static str,
}

impl About {
    const fn new(variable: &'static str, flag: Option<&'static str>, meaning: &'static str) -> Self {
        Self { variable, flag, default: None, default_note: "none", required: false, meaning }
    }

    /// Whether the value must not be shown; it may then stand in a file named by `…_FILE`.
    pub fn is_secret(&self) -> bool {
        self.flag.is_none()
    }

    /// The variable that names a file with the value, for a secret.
    pub fn file_variable(&self) -> Option<String> {
        self.is_secret().then(|| format!("{}_FILE", self.variable))
    }

    /// The default as documentation shows it.
    pub fn shown_default(&self) -> &'static str {
        self.default.unwrap_or(self.default_note)
    }
}

/// A setting of any type, for lists of all of them.
pub trait AnySetting: Sync {
    /// Names, default and meaning.
    fn about(&self) -> &About;

    /// Whether `text` is a value of this setting; if not, what is expected.
    fn check(&self, text: &str) -> Result<(), String>;
}

impl<T> AnySetting for Setting<T> {
    fn about(&self) -> &About {
        &self.about
    }

    fn check(&self, text: &str) -> Result<(), String> {
        self.parse(text).map(drop)
    }
}

impl<T> Setting<T> {
    /// A setting with a flag. `parse` answers with what is expected where it refuses.
    pub(super) const fn plain(
        variable: &'static str,
        flag: &'static str,
        parse: fn(&str) -> Result<T, String>,
        meaning: &'static str,
    ) -> Self {
        Self { about: About::new(variable, Some(flag), meaning), parse }
    }

    /// A setting that is never a flag and never shown.
    pub(super) const fn secret(
        variable: &'static str,
        parse: fn(&str) -> Result<T, String>,
        meaning: &'static str,
    ) -> Self {
        Self { about: About::new(variable, None, meaning), parse }
    }

    /// With a text that stands in where nothing is given.
    pub(super) const fn default(mut self, text: &'static str) -> Self {
        self.about.default = Some(text);
        self
    }

    /// Without which the gateway does not start.
    pub(super) const fn required(mut self) -> Self {
        self.about.required = true;
        self.about.default_note = "required";
        self
    }

    /// With words for what happens where nothing is given.
    pub(super) const fn without(mut self, note: &'static str) -> Self {
        self.about.default_note = note;
        self
    }

    /// The value of `text`, or what is expected instead.
    pub fn parse(&self, text: &str) -> Result<T, String> {
        (self.parse)(text)
    }
}
