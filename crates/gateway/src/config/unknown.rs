//! Variables that look like ours and do nothing, since they are misspelt.

use std::{fmt, path::PathBuf};

use super::{catalog, setting::About};

const PREFIX: &str = "GROUPGATE_";

/// A variable that has no effect, or that gives a secret away: its owner would want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// No setting has this name.
    Unknown {
        /// The name as it is set.
        variable: String,
        /// The known name that is nearest to it.
        nearest: String,
    },
    /// A secret's file can be read or written by every user of the machine.
    OpenFile {
        /// The variable that names the file.
        variable: String,
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { variable, nearest } => {
                write!(f, "{variable} is no setting and has no effect; the nearest is {nearest}")
            }
            Self::OpenFile { variable, path, mode } => write!(
                f,
                "{variable} names {path}, which every user of this machine can reach (mode {mode:03o}): `chmod 600` it, or \
                 keep its directory to yourself",
                path = path.display()
            ),
        }
    }
}

/// One warning for each of `names` that begins as ours do and does nothing.
pub(super) fn warnings<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Warning> {
    let known = known_names();
    names.filter(|name| name.starts_with(PREFIX)).filter_map(|name| warning(name, &known)).collect()
}

fn warning(name: &str, known: &[String]) -> Option<Warning> {
    if known.iter().any(|known| known == name) {
        return None;
    }
    let nearest = known.iter().min_by_key(|known| strsim::damerau_levenshtein(known, name))?.clone();
    Some(Warning::Unknown { variable: name.to_owned(), nearest })
}

fn known_names() -> Vec<String> {
    let settings = catalog::ALL.iter().map(|setting| setting.about());
    let twins = settings.clone().filter_map(About::file_variable);
    let variables = settings.map(|about| about.variable.to_owned());
    let for_scripts = catalog::FOR_SCRIPTS.iter().map(|&name| name.to_owned());
    variables.chain(twins).chain(for_scripts).filter(|name| name.starts_with(PREFIX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings_of<const N: usize>(names: [&str; N]) -> Vec<String> {
        warnings(names.into_iter()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_misspelt_name_is_told_with_the_one_that_was_meant() {
        let told = warnings_of(["GROUPGATE_MASTERKEY", "GROUPGATE_GRAPH_ULR"]);
        assert!(told[0].ends_with("the nearest is GROUPGATE_MASTER_KEY"), "{told:?}");
        assert!(told[1].ends_with("the nearest is GROUPGATE_GRAPH_URL"), "{told:?}");
    }

    #[test]
    fn the_twin_of_a_secret_is_known_and_misspellings_of_it_are_told() {
        assert!(warnings_of(["GROUPGATE_APP_SECRET_FILE"]).is_empty());
        let told = warnings_of(["GROUPGATE_APP_SECRETS_FILE"]);
        assert!(told[0].ends_with("the nearest is GROUPGATE_APP_SECRET_FILE"), "{told:?}");
    }

    #[test]
    fn names_of_the_demos_file_are_known() {
        assert!(warnings_of(["GROUPGATE_ACCESS_KEY_SECRET_2", "GROUPGATE_SANDBOX_URL"]).is_empty());
    }

    #[test]
    fn other_programs_variables_are_none_of_our_business() {
        assert!(warnings_of(["PATH", "GROUPGATES", "XGROUPGATE_BIND"]).is_empty());
    }
}
