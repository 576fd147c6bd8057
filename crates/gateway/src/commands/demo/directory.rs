//! The demo's data directory: known by a marker, held by one demo at a time, emptied by `--fresh`.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::DemoError;

const MARKER: &str = "groupgate-demo";
const MARKER_TEXT: &str = "This directory belongs to `groupgate demo`; `groupgate demo --fresh` empties it.\n";
const LOCK: &str = "lock";
const IGNORE: &str = ".gitignore";

/// The data directory, held until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(super) struct DemoDirectory {
    path: PathBuf,
    _lock: File,
}

impl DemoDirectory {
    /// Makes the directory where it is missing, and takes it.
    pub(super) fn claim(path: &Path) -> Result<Self, DemoError> {
        fs::create_dir_all(path).map_err(DemoError::io("create the directory", path))?;
        let path = path.canonicalize().map_err(DemoError::io("find", path))?;
        mark(&path)?;
        let lock = lock(&path)?;
        Ok(Self { path, _lock: lock })
    }

    /// Removes everything that a demo has put here but the marks of who owns and holds it.
    pub(super) fn empty(&self) -> Result<(), DemoError> {
        let kept = |name: &std::ffi::OsStr| [MARKER, LOCK, IGNORE].iter().any(|kept| name == *kept);
        let entries = fs::read_dir(&self.path).map_err(DemoError::io("read", &self.path))?;
        for entry in entries {
            let path = entry.map_err(DemoError::io("read", &self.path))?.path();
            if !path.file_name().is_some_and(kept) {
                remove(&path).map_err(DemoError::io("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Something in the directory.
    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    if path.symlink_metadata()?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// A directory with other things in it is never taken, so that `--fresh` can never remove them.
fn mark(path: &Path) -> Result<(), DemoError> {
    let marker = path.join(MARKER);
    if marker.exists() {
        return Ok(());
    }
    let mut entries = fs::read_dir(path).map_err(DemoError::io("read", path))?;
    if entries.next().is_some() {
        return Err(DemoError::NotOurs { path: path.to_owned(), marker: MARKER });
    }
    fs::write(&marker, MARKER_TEXT).map_err(DemoError::io("write", &marker))?;
    let ignore = path.join(IGNORE);
    fs::write(&ignore, "*\n").map_err(DemoError::io("write", &ignore))
}

/// Takes the lock, and writes our process ID into it for whoever comes next.
fn lock(directory: &Path) -> Result<File, DemoError> {
    let path = directory.join(LOCK);
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(DemoError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(in_use(&mut file, directory)),
        Err(TryLockError::Error(source)) => return Err(DemoError::io("lock", &path)(source)),
    }
    file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(DemoError::io("write", &path))?;
    Ok(file)
}

fn in_use(lock: &mut File, directory: &Path) -> DemoError {
    let mut holder = String::new();
    let known = lock.read_to_string(&mut holder).is_ok() && !holder.is_empty();
    let holder = if known { holder } else { "unknown".to_owned() };
    DemoError::InUse { path: directory.to_owned(), holder }
}

/// Writes a file that only its owner reads, so that a reader sees the old or the new one whole.
pub(super) fn write_private(path: &Path, text: &str) -> Result<(), DemoError> {
    let unfinished = path.with_extension("unfinished");
    let write = || {
        let _ = fs::remove_file(&unfinished);
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    };
    write().map_err(DemoError::io("write", path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_directory_with_other_things_in_it_is_never_taken() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("thesis.tex"), "…").unwrap();
        let error = DemoDirectory::claim(directory.path()).unwrap_err();
        assert!(matches!(error, DemoError::NotOurs { .. }), "{error}");
        assert!(directory.path().join("thesis.tex").exists());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_second_demo_is_told_which_process_holds_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let _first = DemoDirectory::claim(directory.path()).unwrap();
        let error = DemoDirectory::claim(directory.path()).unwrap_err().to_string();
        assert!(error.contains(&std::process::id().to_string()), "{error}");
    }

    #[test]
    fn emptying_leaves_the_directory_the_demos_and_held() {
        let directory = tempfile::tempdir().unwrap();
        let demo = DemoDirectory::claim(directory.path()).unwrap();
        fs::create_dir_all(demo.join("postgres/cluster")).unwrap();
        fs::write(demo.join("secrets.json"), "{}").unwrap();
        demo.empty().unwrap();
        assert!(!demo.join("postgres").exists() && !demo.join("secrets.json").exists());
        assert!(DemoDirectory::claim(directory.path()).is_err());
        drop(demo);
        DemoDirectory::claim(directory.path()).unwrap();
    }

    #[test]
    fn a_private_file_is_the_owners_alone_whatever_stood_there_before() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("demo.env");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write_private(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
