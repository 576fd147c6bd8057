//! The private server: what it promises about data, logins, processes and users.

mod child;
mod databases;
mod lifetime;
mod logins;
mod processes;
mod users;

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Connection as _, PgConnection};
use tenant_store::private_server::{PrivateServer, PrivateServerError, ServerSettings};

/// A directory under which every user can reach the data directory; removed at the end.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(directory)
    }

    fn data_dir(&self) -> std::path::PathBuf {
        self.0.path().join("postgres")
    }

    fn cluster(&self) -> std::path::PathBuf {
        self.data_dir().join("cluster")
    }
}

/// Not durable, since no test crashes the machine.
async fn start(data_dir: &Path) -> Result<PrivateServer, PrivateServerError> {
    PrivateServer::start(&ServerSettings { data_dir: data_dir.to_owned(), durable: false }).await
}

async fn connect(url: &SecretString) -> PgConnection {
    PgConnection::connect(url.expose_secret()).await.unwrap()
}

async fn execute(url: &SecretString, statement: &'static str) {
    let mut connection = connect(url).await;
    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn text(url: &SecretString, query: &'static str) -> String {
    let mut connection = connect(url).await;
    let text = sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    text
}
