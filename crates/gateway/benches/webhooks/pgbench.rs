//! The measure: `pgbench`, which comes with PostgreSQL, inserting one row of an event's size and committing.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use secrecy::ExposeSecret as _;
use sqlx::Executor as _;
use tempfile::TempDir;
use tokio::process::Command;
use url::Url;

use super::database::Database;

/// As large as the events that are sent are on the average.
const ROW: usize = 600;

/// What `pgbench` runs, and where.
#[derive(Debug)]
pub(super) struct Pgbench {
    program: PathBuf,
    url: Url,
    directory: TempDir,
}

impl Pgbench {
    /// Makes a table with nothing but a key, beside groupgate's own.
    pub(super) async fn prepare(database: &Database) -> anyhow::Result<Self> {
        let table = "create table bare (id uuid primary key default gen_random_uuid(), value json not null);
                     grant insert on bare to groupgate_app";
        database.superuser().await?.execute(table).await?;
        let directory = tempfile::tempdir()?;
        let value = format!(r#"{{"filling":"{}"}}"#, "x".repeat(ROW));
        std::fs::write(directory.path().join("insert.sql"), format!("insert into bare (value) values ('{value}');\n"))?;
        let url = Url::parse(database.urls.app_url.expose_secret())?;
        Ok(Self { program: installed()?, url, directory })
    }

    /// Inserts at a steady rate for whole seconds, and says how long each took from the time when it was due.
    pub(super) async fn run(&self, a_second: u32, duration: Duration) -> anyhow::Result<Vec<Duration>> {
        let mut command = Command::new(&self.program);
        command
            .args(["--no-vacuum", "--protocol=prepared", "--client=8", "--log", "--file=insert.sql"])
            .args([format!("--rate={a_second}"), format!("--time={}", duration.as_secs())])
            .arg(self.url.path().trim_start_matches('/'))
            .env("PGHOST", self.url.host_str().unwrap_or_default())
            .env("PGPORT", self.url.port().unwrap_or(5432).to_string())
            .env("PGUSER", self.url.username())
            .env("PGPASSWORD", self.url.password().unwrap_or_default())
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(duration + Duration::from_secs(30), command.output()).await??;
        ensure!(output.status.success(), "pgbench: {}", String::from_utf8_lossy(&output.stderr));
        self.take_log()
    }

    /// Of each line the third field: microseconds, from when it was due
    /// (<https://www.postgresql.org/docs/15/pgbench.html>, "Per-Transaction Logging").
    fn take_log(&self) -> anyhow::Result<Vec<Duration>> {
        let mut durations = Vec::new();
        for entry in std::fs::read_dir(self.directory.path())? {
            let path = entry?.path();
            if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pgbench_log.")) {
                continue;
            }
            for line in std::fs::read_to_string(&path)?.lines() {
                let microseconds = line.split(' ').nth(2).context("a line of pgbench's log without a time")?;
                durations.push(Duration::from_micros(microseconds.parse()?));
            }
            std::fs::remove_file(path)?;
        }
        Ok(durations)
    }
}

/// The newest of those where distributions put it, else the one of `PATH`.
fn installed() -> anyhow::Result<PathBuf> {
    let mut found = Vec::new();
    for version in std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten() {
        found.push(version?.path().join("bin/pgbench"));
    }
    found.retain(|program| program.is_file());
    found.sort();
    Ok(found.pop().unwrap_or_else(|| PathBuf::from("pgbench")))
}
