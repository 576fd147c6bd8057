//! The two roles and the database that groupgate needs on a server of its own.

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use url::Url;

use super::cluster::SUPERUSER;
use super::error::PrivateServerError;

/// What [`PrivateServer::ensure_roles_and_database`](super::PrivateServer::ensure_roles_and_database) makes.
#[derive(Clone, Debug)]
pub struct DatabaseNames {
    /// The database.
    pub database: String,
    /// The role that owns the database and its schema `public`.
    pub owner_role: String,
    /// The owner's password.
    pub owner_password: SecretString,
    /// The gateway's role: it owns nothing, and row-level security binds it.
    pub app_role: String,
    /// The gateway's password.
    pub app_password: SecretString,
}

/// Where to connect: URLs that carry their passwords.
#[derive(Clone, Debug)]
pub struct Urls {
    /// As the owner, for migrations (`GROUPGATE_MIGRATE_URL`).
    pub owner_url: SecretString,
    /// As the gateway (`DATABASE_URL`).
    pub app_url: SecretString,
}

/// A server on loopback and its superuser.
#[derive(Clone, Debug)]
pub(super) struct Superuser {
    pub(super) port: u16,
    pub(super) password: SecretString,
}

impl Superuser {
    /// A connection to `database`. What it sends may hold passwords, so that neither side may write a statement into
    /// its log.
    pub(super) async fn connect(&self, database: &str) -> Result<PgConnection, PrivateServerError> {
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username(SUPERUSER)
            .password(self.password.expose_secret())
            .database(database)
            .ssl_mode(PgSslMode::Disable)
            .options([("log_min_error_statement", "panic")])
            .disable_statement_logging();
        PgConnection::connect_with(&options).await.map_err(PrivateServerError::sql("connect"))
    }

    pub(super) fn url(&self, database: &str) -> SecretString {
        url(self.port, SUPERUSER, &self.password, database)
    }

    /// Makes roles and database, or brings those that are there to what `names` says.
    pub(super) async fn ensure(&self, names: &DatabaseNames) -> Result<Urls, PrivateServerError> {
        let mut server = self.connect(SUPERUSER).await?;
        ensure_role(&mut server, &names.owner_role, &names.owner_password).await?;
        ensure_role(&mut server, &names.app_role, &names.app_password).await?;
        ensure_database(&mut server, names).await?;
        admit(&mut server, &names.database, &names.app_role).await?;
        close(server).await;
        let mut database = self.connect(&names.database).await?;
        give_schema(&mut database, &names.owner_role).await?;
        close(database).await;
        Ok(self.urls(names))
    }

    pub(super) fn urls(&self, names: &DatabaseNames) -> Urls {
        Urls {
            owner_url: url(self.port, &names.owner_role, &names.owner_password, &names.database),
            app_url: url(self.port, &names.app_role, &names.app_password, &names.database),
        }
    }
}

/// Lets go of a connection politely; one that breaks here has done its work.
pub(super) async fn close(connection: PgConnection) {
    let _ = connection.close().await;
}

async fn ensure_role(server: &mut PgConnection, role: &str, password: &SecretString) -> Result<(), PrivateServerError> {
    let known: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
        .bind(role)
        .fetch_one(&mut *server)
        .await
        .map_err(PrivateServerError::sql("look up the role"))?;
    if !known {
        run(server, "create the role", "create role %I", &[role]).await?;
    }
    let attributes = "alter role %I with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls \
                      connection limit -1 password %L";
    run(server, "set the role's password", attributes, &[role, password.expose_secret()]).await
}

async fn ensure_database(server: &mut PgConnection, names: &DatabaseNames) -> Result<(), PrivateServerError> {
    let known: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(&names.database)
        .fetch_one(&mut *server)
        .await
        .map_err(PrivateServerError::sql("look up the database"))?;
    let statement = if known { "alter database %I owner to %I" } else { "create database %I owner %I" };
    run(server, "create the database", statement, &[&names.database, &names.owner_role]).await
}

/// Connecting is for the owner and the gateway's role only.
pub(super) async fn admit(server: &mut PgConnection, database: &str, app_role: &str) -> Result<(), PrivateServerError> {
    let action = "grant the right to connect";
    run(server, action, "revoke all on database %I from public", &[database]).await?;
    run(server, action, "grant connect on database %I to %I", &[database, app_role]).await
}

async fn give_schema(database: &mut PgConnection, owner: &str) -> Result<(), PrivateServerError> {
    let action = "give the schema to its owner";
    run(database, action, "alter schema public owner to %I", &[owner]).await?;
    run(database, action, "revoke create on schema public from public", &[]).await
}

/// Runs a statement that takes no parameters, with names (`%I`) and literals (`%L`) put in by the
/// server itself (`format`), which knows its own quoting.
pub(super) async fn run(
    connection: &mut PgConnection,
    action: &'static str,
    template: &str,
    arguments: &[&str],
) -> Result<(), PrivateServerError> {
    let statement: String = sqlx::query_scalar("select format($1, variadic $2::text[])")
        .bind(template)
        .bind(arguments)
        .fetch_one(&mut *connection)
        .await
        .map_err(PrivateServerError::sql(action))?;
    // Safe: every changing part went through `format` with %I or %L.
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(drop).map_err(PrivateServerError::sql(action))
}

/// A URL in which every part is percent-encoded. TLS is off: the connection never leaves this machine.
fn url(port: u16, user: &str, password: &SecretString, database: &str) -> SecretString {
    let mut url = Url::parse("postgres://127.0.0.1/?sslmode=disable")
        .unwrap_or_else(|_| unreachable!("a constant URL that the tests parse"));
    // These refuse only URLs without a host.
    let _ = url.set_port(Some(port));
    let _ = url.set_username(user);
    let _ = url.set_password(Some(password.expose_secret()));
    url.set_path(database);
    String::from(url).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_carries_names_that_need_encoding() {
        let url = url(5432, "a@b", &"p:/?#[]@'\"%".into(), "d b");
        let parsed: PgConnectOptions = url.expose_secret().parse().unwrap();
        assert_eq!((parsed.get_host(), parsed.get_port()), ("127.0.0.1", 5432));
        assert_eq!((parsed.get_username(), parsed.get_database()), ("a@b", Some("d b")));
        assert!(matches!(parsed.get_ssl_mode(), PgSslMode::Disable));
    }

    #[test]
    fn debug_output_shows_no_password() {
        let names = DatabaseNames {
            database: "d".to_owned(),
            owner_role: "o".to_owned(),
            owner_password: "hunter2".into(),
            app_role: "a".to_owned(),
            app_password: "hunter2".into(),
        };
        let superuser = Superuser { port: 1, password: "hunter2".into() };
        let shown = format!("{names:?} {:?} {superuser:?}", superuser.urls(&names));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
