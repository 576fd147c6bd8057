//! What can be wrong with a setting, in words for whoever starts the gateway.

use std::{io, path::PathBuf};

use super::setting::About;

/// A setting that is missing or wrong. It ends the start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A required setting is given nowhere.
    #[error("{variable} is not set: {meaning}. {how}")]
    Missing {
        /// The variable's name.
        variable: &'static str,
        /// What the setting is.
        meaning: &'static str,
        /// Where to give it.
        how: String,
    },
    /// The text is no value of the setting.
    #[error("{name} is {value}: expected {expected}")]
    Wrong {
        /// The flag, the variable, or the variable and its file.
        name: String,
        /// The text in quotes; for a secret only its length.
        value: String,
        /// What would be right.
        expected: String,
    },
    /// A secret is given twice, and it is not for us to choose.
    #[error("{variable} and {variable}_FILE are both set: unset one of them")]
    Both {
        /// The variable's name.
        variable: &'static str,
    },
    /// The file of a secret cannot be read.
    #[error("{variable}_FILE names {path}, which cannot be read: {source}", path = path.display())]
    File {
        /// The variable's name.
        variable: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A variable's value is no UTF-8.
    #[error("{variable} is not UTF-8 text: set it to plain text")]
    NotText {
        /// The variable's name.
        variable: String,
    },
}

impl ConfigError {
    pub(super) fn missing(about: &About) -> Self {
        let how = match (about.flag, about.file_variable()) {
            (Some(flag), _) => format!("Set it, or give --{flag}"),
            (None, Some(file)) => format!("Set it, or name a file that holds it in {file}"),
            (None, None) => "Set it".to_owned(),
        };
        Self::Missing { variable: about.variable, meaning: about.meaning, how }
    }
}
