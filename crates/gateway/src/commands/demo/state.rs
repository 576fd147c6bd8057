//! The demo's secrets: made at random once, kept beside its data.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs, io,
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret, SecretString};

use super::{DemoError, directory::write_private};

/// The file's name in the data directory.
pub(super) const FILE: &str = "secrets.json";

/// What the demo keeps secret.
#[derive(Debug, Clone, Copy)]
pub(super) enum Secret {
    OwnerPassword,
    AppPassword,
    MasterKey,
    MetaApp,
    WebhookVerifyToken,
    AdminKey,
    /// Of the tenant at this place in the list of tenants.
    AccessKey(usize),
    /// Of the tenant at this place in the list of tenants.
    GraphToken(usize),
}

const ALL: [Secret; 10] = [
    Secret::OwnerPassword,
    Secret::AppPassword,
    Secret::MasterKey,
    Secret::MetaApp,
    Secret::WebhookVerifyToken,
    Secret::AdminKey,
    Secret::AccessKey(0),
    Secret::AccessKey(1),
    Secret::GraphToken(0),
    Secret::GraphToken(1),
];

impl Secret {
    fn name(self) -> String {
        match self {
            Self::OwnerPassword => "owner_password".to_owned(),
            Self::AppPassword => "app_password".to_owned(),
            Self::MasterKey => "master_key".to_owned(),
            Self::MetaApp => "app_secret".to_owned(),
            Self::WebhookVerifyToken => "webhook_verify_token".to_owned(),
            Self::AdminKey => "admin_key_secret".to_owned(),
            Self::AccessKey(tenant) => format!("access_key_secret_{}", tenant + 1),
            Self::GraphToken(tenant) => format!("graph_token_{}", tenant + 1),
        }
    }

    /// 160 bits or more, in characters that need no quoting in URLs, shells and headers.
    fn make(self) -> Result<String, DemoError> {
        Ok(match self {
            Self::MasterKey => format!("demo:{}", BASE64_STANDARD.encode(random::<32>()?)),
            Self::GraphToken(_) => format!("EAA{}", hex::encode(random::<40>()?)),
            _ => hex::encode(random::<20>()?),
        })
    }
}

fn random<const N: usize>() -> Result<[u8; N], DemoError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| DemoError::NoRandomness)?;
    Ok(bytes)
}

/// The demo's secrets, by name.
#[derive(Debug)]
pub(super) struct Secrets(BTreeMap<String, SecretString>);

impl Secrets {
    /// Those of an earlier start; what is missing is made and kept before anything uses it.
    pub(super) fn load_or_make(path: &Path) -> Result<Self, DemoError> {
        let mut texts = read(path)?;
        let known = texts.len();
        for secret in ALL {
            if let Entry::Vacant(missing) = texts.entry(secret.name()) {
                missing.insert(secret.make()?);
            }
        }
        if texts.len() > known {
            write_private(path, &as_json(&texts))?;
        }
        Ok(Self(texts.into_iter().map(|(name, text)| (name, SecretString::from(text))).collect()))
    }

    /// One secret.
    pub(super) fn get(&self, secret: Secret) -> &SecretString {
        &self.0[&secret.name()]
    }

    /// One secret in the clear.
    pub(super) fn expose(&self, secret: Secret) -> &str {
        self.get(secret).expose_secret()
    }
}

fn read(path: &Path) -> Result<BTreeMap<String, String>, DemoError> {
    match fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text)
            .map_err(|error| DemoError::Secrets { path: path.to_owned(), reason: place_of(&error) }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(DemoError::io("read", path)(error)),
    }
}

/// The error's own words may quote the file.
fn place_of(error: &serde_json::Error) -> String {
    format!("no JSON object of texts at line {}, column {}", error.line(), error.column())
}

fn as_json(texts: &BTreeMap<String, String>) -> String {
    format!("{:#}\n", serde_json::json!(texts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_made_once_and_differ() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        let first = Secrets::load_or_make(&path).unwrap();
        let second = Secrets::load_or_make(&path).unwrap();
        let texts: std::collections::BTreeSet<&str> = ALL.iter().map(|&secret| first.expose(secret)).collect();
        assert_eq!(texts.len(), ALL.len());
        assert!(ALL.iter().all(|&secret| first.expose(secret) == second.expose(secret)));
    }

    #[test]
    fn a_secret_that_an_older_demo_did_not_have_is_added_and_the_others_stay() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        fs::write(&path, r#"{"app_secret": "kept"}"#).unwrap();
        let secrets = Secrets::load_or_make(&path).unwrap();
        assert_eq!(secrets.expose(Secret::MetaApp), "kept");
        assert_eq!(secrets.expose(Secret::AdminKey).len(), 40);
    }

    #[test]
    fn a_broken_file_is_refused_without_being_shown_or_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        fs::write(&path, r#"{"app_secret": 12345, hunter2"#).unwrap();
        let error = Secrets::load_or_make(&path).unwrap_err().to_string();
        assert!(error.contains("--fresh") && !error.contains("hunter2") && !error.contains("12345"), "{error}");
        assert!(fs::read_to_string(&path).unwrap().contains("hunter2"));
    }

    #[test]
    fn debug_shows_no_secret() {
        let directory = tempfile::tempdir().unwrap();
        let secrets = Secrets::load_or_make(&directory.path().join(FILE)).unwrap();
        let shown = format!("{secrets:?}");
        assert!(ALL.iter().all(|&secret| !shown.contains(secrets.expose(secret))), "{shown}");
    }
}
