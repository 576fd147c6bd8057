//! The state's file: written aside, then moved into place, so that a crash
//! leaves the old one or the new one.
//!
//! What was answered is in the file: a call that changes the state waits for the
//! next writing, and one writing serves all that wait. Reads never wait for it: what is
//! written is a copy.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::engine::Engine;
use crate::error::SandboxError;
use crate::media_files::MediaFiles;
use crate::state::State;

const FILE_NAME: &str = "sandbox.json";
/// How long changes gather that nobody waits for, such as that a webhook has arrived.
const GATHERING: Duration = Duration::from_millis(50);

/// How far the file follows the state, in versions of the state.
pub(crate) struct Keeping {
    /// The latest version that somebody waits for.
    wanted: watch::Sender<u64>,
    /// The latest version that was written, or could not be: that is logged, and a
    /// full disk does not stop whoever tests against the sandbox.
    written: watch::Sender<u64>,
}

impl Default for Keeping {
    fn default() -> Self {
        Self { wanted: watch::Sender::new(0), written: watch::Sender::new(0) }
    }
}

impl Keeping {
    /// Waits until this version was written, which it hastens.
    pub(crate) async fn reach(&self, version: u64) {
        raise(&self.wanted, version);
        // An error means that the sender is gone, and it is ours.
        let _ = self.written.subscribe().wait_for(|written| *written >= version).await;
    }

    /// Waits until somebody waits, or for as long as changes may gather.
    async fn gather(&self) {
        let written = *self.written.borrow();
        let mut wanted = self.wanted.subscribe();
        let _ = tokio::time::timeout(GATHERING, wanted.wait_for(|wanted| *wanted > written)).await;
    }
}

fn raise(mark: &watch::Sender<u64>, version: u64) {
    mark.send_if_modified(|known| {
        let higher = version > *known;
        *known = version.max(*known);
        higher
    });
}

/// Where the state is kept.
#[derive(Debug, Clone)]
pub(crate) struct StateFile {
    path: PathBuf,
    /// Held while anything is written: the last writing, at the end, may find another under way.
    media: Arc<Mutex<MediaFiles>>,
}

impl StateFile {
    /// The file in a directory, which is made where it is missing.
    pub(crate) fn in_dir(dir: &Path) -> Result<Self, SandboxError> {
        fs::create_dir_all(dir).map_err(|source| SandboxError::StateFile { path: dir.to_owned(), source })?;
        Ok(Self { path: dir.join(FILE_NAME), media: Arc::new(Mutex::new(MediaFiles::in_dir(dir))) })
    }

    /// The state in it; `None` when there is no file yet.
    pub(crate) fn load(&self) -> Result<Option<State>, SandboxError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(self.unusable(source)),
        };
        let wrong = |source| SandboxError::StateFormat { path: self.path.clone(), source };
        let mut state: State = serde_json::from_slice(&bytes).map_err(wrong)?;
        self.lock_media().fill(&mut state);
        Ok(Some(state))
    }

    /// Writes the state that a sandbox starts with: what it was born with holds after a crash, too.
    pub(crate) fn begin(&self, engine: &Engine) -> Result<(), SandboxError> {
        self.save(engine).map(|_| ()).map_err(|source| self.unusable(source))
    }

    /// Writes the state as it stands; its version.
    pub(crate) fn save(&self, engine: &Engine) -> io::Result<u64> {
        let mut media = self.lock_media();
        let (version, state) = engine.snapshot();
        // First, so that the state names no file that is not there.
        media.keep(&state)?;
        self.replace(&serde_json::to_vec(&state)?)?;
        media.drop_others(&state);
        Ok(version)
    }

    fn lock_media(&self) -> MutexGuard<'_, MediaFiles> {
        self.media.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let aside = self.path.with_extension("json.new");
        write_private(&aside, bytes)?;
        fs::rename(&aside, &self.path)?;
        // The move itself is on disk only when the directory is.
        self.path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    }

    fn unusable(&self, source: io::Error) -> SandboxError {
        SandboxError::StateFile { path: self.path.clone(), source }
    }
}

/// Writes a file that nobody else may read, through to the disk.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Writes the state after each change, for ever: at once where somebody waits for it.
pub(crate) async fn run(engine: Arc<Engine>, file: StateFile) {
    let mut changes = engine.watch();
    // What changed before this was watched may be waited for, too.
    changes.mark_changed();
    while changes.changed().await.is_ok() {
        let Some(keeping) = engine.keeping() else { return };
        keeping.gather().await;
        let begun = *changes.borrow_and_update();
        let version = save(&engine, &file).await.unwrap_or(begun);
        raise(&keeping.written, version);
    }
}

/// Writes the state on a thread of its own: the courier on this one must not wait
/// for the disk. `None` where that fails, after a word to the log.
async fn save(engine: &Arc<Engine>, file: &StateFile) -> Option<u64> {
    let (engine, file) = (Arc::clone(engine), file.clone());
    let written = tokio::task::spawn_blocking(move || file.save(&engine)).await;
    let written = written.unwrap_or_else(|panic| Err(io::Error::other(panic)));
    let complain = |error: &io::Error| {
        tracing::error!(%error, "the sandbox's state cannot be written; it is tried again at the next change");
    };
    written.inspect_err(complain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SandboxSettings;

    #[actix_web::test]
    async fn a_change_before_the_writer_began_to_watch_is_written_too() {
        let dir = tempfile::tempdir().unwrap();
        let settings = SandboxSettings { data_dir: Some(dir.path().to_owned()), ..SandboxSettings::default() };
        let engine = Arc::new(Engine::new(&settings, None));
        engine.change(|_| ());
        let writer = actix_web::rt::spawn(run(Arc::clone(&engine), StateFile::in_dir(dir.path()).unwrap()));
        tokio::time::timeout(Duration::from_secs(10), engine.kept()).await.expect("it is in the file");
        writer.abort();
    }
}
