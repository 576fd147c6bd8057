//! The contents of uploaded files, each in a file of its own beside the state's: they may be
//! large, and never change.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::ids::MediaId;
use crate::persist::write_private;
use crate::state::State;

/// The directory of contents, and what is in it.
#[derive(Debug)]
pub(crate) struct MediaFiles {
    dir: PathBuf,
    written: BTreeSet<MediaId>,
}

impl MediaFiles {
    /// Those of a data directory.
    pub(crate) fn in_dir(data_dir: &Path) -> Self {
        Self { dir: data_dir.join("media"), written: BTreeSet::new() }
    }

    /// Gives the media of a state that was read their contents; one without is forgotten.
    pub(crate) fn fill(&mut self, state: &mut State) {
        state.media.retain(|id, media| {
            let content = fs::read(self.path_of(id));
            if let Err(error) = &content {
                tracing::warn!(%id, %error, "an uploaded file cannot be read and is forgotten");
            }
            media.content = content.unwrap_or_default().into();
            media.content.len() == media.file_size
        });
        self.written = state.media.keys().cloned().collect();
    }

    /// Writes the contents that have no file yet.
    pub(crate) fn keep(&mut self, state: &State) -> io::Result<()> {
        for (id, media) in &state.media {
            if self.written.contains(id) {
                continue;
            }
            fs::create_dir_all(&self.dir)?;
            write_private(&self.path_of(id), &media.content)?;
            self.written.insert(id.clone());
        }
        Ok(())
    }

    /// Removes the files of media that the state no longer has.
    pub(crate) fn drop_others(&mut self, state: &State) {
        let gone: Vec<MediaId> = self.written.iter().filter(|id| !state.media.contains_key(*id)).cloned().collect();
        for id in gone {
            if let Err(error) = fs::remove_file(self.path_of(&id)) {
                tracing::warn!(%id, %error, "the file of a deleted upload stays behind");
            }
            self.written.remove(&id);
        }
    }

    fn path_of(&self, id: &MediaId) -> PathBuf {
        self.dir.join(id.to_string())
    }
}
