//! The secrets that a file names: they stand in variables or in files of their own.

use std::path::Path;

use secrecy::SecretString;
use tenant_store::EndpointSecret;
use zeroize::Zeroizing;

use super::form::SecretSource;
use crate::config::{Sources, secret_file};

/// Longer names of variables are nobody's, and shorter ones no token of Meta's.
const LONGEST_NAME: usize = 64;

/// Where secrets are looked for. No error shows one.
pub(super) struct Secrets<'a> {
    /// The command's environment.
    pub(super) sources: &'a Sources,
    /// What paths are relative to.
    pub(super) directory: &'a Path,
}

impl Secrets<'_> {
    /// A Graph token. It goes into a header, so it is visible ASCII.
    pub(super) fn token(&self, source: &SecretSource) -> Result<SecretString, String> {
        let text = self.read(source)?;
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("{} holds no token: one line of visible ASCII characters", name(source)));
        }
        Ok(SecretString::from(text.as_str()))
    }

    /// An endpoint's secret.
    pub(super) fn endpoint_secret(&self, source: &SecretSource) -> Result<EndpointSecret, String> {
        self.read(source)?.parse::<EndpointSecret>().map_err(|error| format!("{}: {error}", name(source)))
    }

    /// The text, without what stands around it.
    fn read(&self, source: &SecretSource) -> Result<Zeroizing<String>, String> {
        let text = match source {
            SecretSource::Environment(variable) => {
                if !is_a_name(variable) {
                    let rule =
                        "the name of a variable: up to 64 letters, digits and `_`; the secret itself never stands here";
                    return Err(rule.to_owned());
                }
                let text = self.sources.variable(variable).map_err(|error| error.to_string())?;
                Zeroizing::new(text.ok_or_else(|| format!("the variable {variable} is not set"))?.to_owned())
            }
            SecretSource::File(path) => {
                let path = self.directory.join(path);
                secret_file::read(&path).map_err(|error| format!("{}: {error}", path.display()))?
            }
        };
        Ok(Zeroizing::new(text.trim().to_owned()))
    }
}

/// Whether it can be repeated: whoever puts a secret where its variable's name belongs should not read it in a log.
fn is_a_name(variable: &str) -> bool {
    variable.len() <= LONGEST_NAME && variable.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn name(source: &SecretSource) -> String {
    match source {
        SecretSource::Environment(variable) => format!("the variable {variable}"),
        SecretSource::File(path) => path.display().to_string(),
    }
}
