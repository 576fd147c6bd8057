//! The state's file: written aside, then moved into place, so that a crash
//! leaves the old one or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::Engine;
use crate::error::SandboxError;
use crate::state::State;

const FILE_NAME: &str = "sandbox.json";
/// How long changes gather before they are written.
const GATHERING: Duration = Duration::from_millis(50);

/// Where the state is kept.
#[derive(Debug, Clone)]
pub(crate) struct StateFile {
    path: PathBuf,
}

impl StateFile {
    /// The file in a directory, which is made where it is missing.
    pub(crate) fn in_dir(dir: &Path) -> Result<Self, SandboxError> {
        let path = dir.join(FILE_NAME);
        let failed = |source| SandboxError::StateFile { path: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(failed)?;
        Ok(Self { path })
    }

    /// The state in it; `None` when there is no file yet.
    pub(crate) fn load(&self) -> Result<Option<State>, SandboxError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(SandboxError::StateFile { path: self.path.clone(), source });
            }
        };
        let state = serde_json::from_slice(&bytes);
        let wrong = |source| SandboxError::StateFormat { path: self.path.clone(), source };
        state.map(Some).map_err(wrong)
    }

    /// Writes the state as it stands.
    pub(crate) fn save(&self, engine: &Engine) -> io::Result<()> {
        let bytes = engine.look(serde_json::to_vec)?;
        let aside = self.path.with_extension("json.new");
        // It holds tokens: nobody else may read it.
        let options = || {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            options
        };
        let mut file = options().open(&aside)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&aside, &self.path)?;
        // The move itself is on disk only when the directory is.
        self.path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    }
}

/// Writes the state soon after each change, for ever.
pub(crate) async fn run(engine: Arc<Engine>, file: StateFile) {
    let mut changes = engine.watch();
    while changes.changed().await.is_ok() {
        tokio::time::sleep(GATHERING).await;
        changes.mark_unchanged();
        let (engine, file) = (Arc::clone(&engine), file.clone());
        // Writing blocks; the courier on this thread must not wait for it.
        let written = tokio::task::spawn_blocking(move || file.save(&engine)).await;
        if let Ok(Err(error)) = written {
            tracing::error!(%error, "the sandbox's state cannot be written; it is tried again at the next change");
        }
    }
}
