//! `groupgate migrate`: brings the schema to this version, as the owner of the tables.

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tenant_store::schema;
use url::Url;

use super::{
    CommandError,
    output::{self, OutputArgs},
};
use crate::config::{Environment, SettingFlags, Sources, catalog};

/// The arguments of `migrate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads GROUPGATE_MIGRATE_URL (the owner of the tables) and DATABASE_URL (for the name of the gateway's role),
or the files that GROUPGATE_MIGRATE_URL_FILE and DATABASE_URL_FILE name. Running it again changes nothing.

Example:
  groupgate migrate")]
pub struct MigrateArgs {
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
struct Done {
    version: i64,
    applied: u64,
    role: String,
}

/// Migrates and grants.
pub async fn run(args: &MigrateArgs, environment: Environment) -> Result<(), CommandError> {
    let sources = Sources::new(SettingFlags::default(), environment);
    output::tell(&sources.warnings())?;
    let owner_url = sources.required(&catalog::MIGRATE_URL)?;
    let role = role_of(&sources.required(&catalog::DATABASE_URL)?)?;
    let migrated = schema::migrate(&owner_url, &role).await?;
    let done = Done { version: migrated.version, applied: migrated.applied, role };
    args.output.print(&done, as_text)?;
    Ok(())
}

fn as_text(done: &Done) -> String {
    let Done { version, applied, role } = done;
    format!("The schema is of version {version}; {applied} migrations ran. The role {role} has what the gateway needs.")
}

/// The user of the URL: before the host, percent-encoded, or in the query, where a URL of a socket has it.
fn role_of(database_url: &SecretString) -> Result<String, CommandError> {
    let url = Url::parse(database_url.expose_secret()).ok();
    let user = url.and_then(|url| decode(url.username()).or_else(|| user_of_query(&url)));
    user.ok_or_else(|| CommandError::Usage("DATABASE_URL names no user: it is the gateway's role".to_owned()))
}

fn user_of_query(url: &Url) -> Option<String> {
    url.query_pairs().find_map(|(name, value)| (name == "user" && !value.is_empty()).then(|| value.into_owned()))
}

fn decode(text: &str) -> Option<String> {
    // A form decoder reads `+` as a blank; in the user part of a URL it stands for itself.
    let literal = text.replace('+', "%2B");
    let decoded = url::form_urlencoded::parse(literal.as_bytes()).next().map(|(name, _)| name.into_owned());
    decoded.filter(|name| !name.is_empty() && !name.contains('\u{FFFD}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_is_the_urls_user_decoded() {
        for (url, role) in [
            ("postgres://groupgate_app:x@h/d", "groupgate_app"),
            ("postgres://a%20b%22:x@h/d", "a b\""),
            ("postgres://a+b:x@h/d", "a+b"),
            ("postgres:///d?host=/run/postgresql&user=a%20b", "a b"),
        ] {
            assert_eq!(role_of(&SecretString::from(url)).unwrap(), role);
        }
    }

    #[test]
    fn a_url_without_a_user_is_refused_without_being_shown() {
        let error = role_of(&SecretString::from("postgres://:hunter2@h/d")).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
