//! The schema: its migrations, and which of them a database has.

use std::{cmp::Ordering, time::Duration};

use secrecy::SecretString;
use sqlx::{
    Connection as _, PgConnection, PgPool,
    migrate::{MigrateError as SqlxMigrateError, Migrator},
};

use crate::{StoreError, store::connect_options};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// How often migrations are tried that others keep from their tables, all tries together.
const TRIES: u32 = 30;
/// Between two of them, in which whoever waited behind the last one gets through.
const PAUSE: Duration = Duration::from_secs(2);

/// How the database's schema stands to the one this build knows. Versions are those of `migrations/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// The same.
    Current,
    /// Migrations are missing: `groupgate migrate` runs them.
    Older {
        /// The newest migration in the database.
        found: i64,
        /// The newest that this build knows.
        expected: i64,
    },
    /// A newer build has migrated the database: run that one.
    Newer {
        /// The newest migration in the database.
        found: i64,
        /// The newest that this build knows.
        expected: i64,
    },
    /// No migration has run, or the role may not see them.
    Absent,
}

/// What [`migrate`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The schema's version now.
    pub version: i64,
    /// How many migrations ran.
    pub applied: u64,
}

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The gateway's role does not exist.
    #[error("the role {role:?} of DATABASE_URL does not exist; create it and run this again:\n{statement}")]
    RoleMissing {
        /// The role's name.
        role: String,
        /// The SQL statement that makes it.
        statement: String,
    },
    /// The gateway's role would pass over row-level security.
    #[error(
        "the role {role:?} of DATABASE_URL is a superuser, has BYPASSRLS, or is or inherits the tables' owner: \
         row-level security would not bind it; give the gateway a role of its own:\n{statement}"
    )]
    RoleTooPowerful {
        /// The role's name.
        role: String,
        /// The SQL statement that makes a fitting one.
        statement: String,
    },
    /// The database has migrations that this build does not know, or that differ from its own.
    #[error("the database's migrations are not this build's: {0}")]
    Foreign(String),
    /// PostgreSQL was away, or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Runs the migrations as the owner of the database, then grants to the gateway's role what it needs and no more.
/// Running it again changes nothing.
pub async fn migrate(owner_url: &SecretString, app_role: &str) -> Result<Migrated, MigrateError> {
    let mut connection = PgConnection::connect_with(&connect_options(owner_url)?).await.map_err(StoreError::from)?;
    check_role(&mut connection, app_role).await?;
    let before = applied(&mut connection).await?;
    run(&mut connection).await.map_err(refused)?;
    grant(&mut connection, app_role).await?;
    let after = applied(&mut connection).await?;
    connection.close().await.map_err(StoreError::from)?;
    Ok(Migrated { version: after.newest.unwrap_or_default(), applied: after.count.abs_diff(before.count) })
}

/// Runs what has not run yet. Each migration that is done is committed, so that only the rest is tried again.
async fn run(connection: &mut PgConnection) -> Result<(), SqlxMigrateError> {
    for _ in 1..TRIES {
        match MIGRATIONS.run_direct(None, &mut *connection, false).await {
            Err(error) if is_kept_from_it(&error) => {
                tracing::info!(%error, "the migrations wait for a table that is in use");
                tokio::time::sleep(PAUSE).await;
            }
            ended => return ended,
        }
    }
    MIGRATIONS.run_direct(None, connection, false).await
}

/// How the schema behind this pool stands to this build's.
pub(crate) async fn state(pool: &PgPool) -> Result<SchemaState, StoreError> {
    let mut connection = pool.acquire().await?;
    let Some(found) = applied(&mut connection).await?.newest else {
        return Ok(SchemaState::Absent);
    };
    let expected = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default();
    Ok(match found.cmp(&expected) {
        Ordering::Less => SchemaState::Older { found, expected },
        Ordering::Equal => SchemaState::Current,
        Ordering::Greater => SchemaState::Newer { found, expected },
    })
}

#[derive(Default)]
struct Applied {
    newest: Option<i64>,
    count: u64,
}

/// Which migrations have run. A table that is missing, or closed to this role, has none.
async fn applied(connection: &mut PgConnection) -> Result<Applied, StoreError> {
    // Not checked while compiling: the table is sqlx's own, made by the first run.
    let row: Result<(Option<i64>, i64), _> =
        sqlx::query_as("select max(version), count(*) from _sqlx_migrations where success").fetch_one(connection).await;
    match row {
        Ok((newest, count)) => Ok(Applied { newest, count: count.unsigned_abs() }),
        Err(sqlx::Error::Database(refusal)) if matches!(refusal.code().as_deref(), Some("42P01" | "42501")) => {
            Ok(Applied::default())
        }
        Err(error) => Err(error.into()),
    }
}

async fn check_role(connection: &mut PgConnection, role: &str) -> Result<(), MigrateError> {
    let found = sqlx::query_scalar!(
        r#"select (rolsuper or rolbypassrls or pg_has_role(rolname, current_user, 'member')) as "powerful!"
           from pg_roles where rolname::text = $1"#,
        role,
    );
    let (role, statement) = (role.to_owned(), create_role(role));
    match found.fetch_optional(connection).await.map_err(StoreError::from)? {
        None => Err(MigrateError::RoleMissing { role, statement }),
        Some(true) => Err(MigrateError::RoleTooPowerful { role, statement }),
        Some(false) => Ok(()),
    }
}

async fn grant(connection: &mut PgConnection, role: &str) -> Result<(), StoreError> {
    sqlx::query!("select grant_to_gateway($1::text::name)", role).execute(connection).await?;
    Ok(())
}

fn create_role(role: &str) -> String {
    let quoted = role.replace('"', "\"\"");
    format!(
        "CREATE ROLE \"{quoted}\" LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD '…';"
    )
}

/// Whether another transaction had, or waited for, what a migration needs.
fn is_kept_from_it(error: &SqlxMigrateError) -> bool {
    let (SqlxMigrateError::Execute(error) | SqlxMigrateError::ExecuteMigration(error, _)) = error else { return false };
    error.as_database_error().is_some_and(|refusal| matches!(refusal.code().as_deref(), Some("55P03" | "40P01")))
}

fn refused(error: SqlxMigrateError) -> MigrateError {
    if is_kept_from_it(&error) {
        let why = "a table that is to be changed stays in use, by a dump perhaps; what ran before is done: run this \
                   again when that has ended";
        return StoreError::Unavailable(why.to_owned()).into();
    }
    match error {
        SqlxMigrateError::Execute(error) | SqlxMigrateError::ExecuteMigration(error, _) => {
            MigrateError::Store(error.into())
        }
        other => MigrateError::Foreign(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::create_role;

    #[test]
    fn a_role_name_is_quoted_in_the_statement_that_makes_it() {
        assert!(create_role(r#"odd"name"#).starts_with(r#"CREATE ROLE "odd""name" LOGIN NOSUPERUSER NOBYPASSRLS"#));
    }
}
