//! Where a private server lives: its directory, what else lies in it, and who holds it.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;

use super::account::Account;
use super::error::PrivateServerError;

/// Clusters whose data directory the server's user cannot reach, and downloaded programs, lie here.
pub(super) const SYSTEM_FOLDER: &str = "/var/lib/groupgate";

const CLUSTER: &str = "cluster";
const UNFINISHED_CLUSTER: &str = "cluster.unfinished";
const PASSWORD: &str = "superuser.password";
const LOG: &str = "server.log";
const LOCK: &str = "lock";
const ELSEWHERE: &str = "CLUSTER-IS-ELSEWHERE.txt";

/// Everything that a private server puts into its directory.
const OWN_ENTRIES: [&str; 6] = [CLUSTER, UNFINISHED_CLUSTER, PASSWORD, LOG, LOCK, ELSEWHERE];

/// The directory of one private server, held by this process until it is dropped.
#[derive(Debug)]
pub(super) struct Home {
    data_dir: PathBuf,
    directory: PathBuf,
    account: Option<Account>,
    _lock: Lock,
}

impl Home {
    /// Makes the directory if it is missing, finds out which user runs the server, and takes the lock.
    pub(super) fn open(data_dir: &Path) -> Result<Self, PrivateServerError> {
        let data_dir = make_directory(data_dir, 0o755)?;
        refuse_foreign(&data_dir)?;
        let directory = match Account::for_server(&data_dir.join(CLUSTER))? {
            Some(account) => reachable(&data_dir, account)?,
            None => data_dir.clone(),
        };
        let account = Account::for_server(&directory.join(CLUSTER))?;
        account.map_or(Ok(()), |account| account.take(&directory))?;
        std::fs::set_permissions(&directory, Permissions::from_mode(0o700))
            .map_err(PrivateServerError::io("make private", &directory))?;
        let lock = lock(&directory.join(LOCK), &data_dir)?;
        let home = Self { data_dir, directory, account, _lock: lock };
        home.account.map_or(Ok(()), |account| account.take(&home.directory.join(LOCK)))?;
        Ok(home)
    }

    /// PostgreSQL's own data directory.
    pub(super) fn cluster(&self) -> PathBuf {
        self.directory.join(CLUSTER)
    }

    /// Where a cluster is made before it is renamed to [`cluster`](Self::cluster).
    pub(super) fn unfinished_cluster(&self) -> PathBuf {
        self.directory.join(UNFINISHED_CLUSTER)
    }

    /// The superuser's password.
    pub(super) fn password(&self) -> PathBuf {
        self.directory.join(PASSWORD)
    }

    /// What the server wrote in its last run.
    pub(super) fn log(&self) -> PathBuf {
        self.directory.join(LOG)
    }

    /// The directory itself.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Removes everything that a server put here, and ends one that still runs.
    pub(super) fn clear(self) -> Result<(), PrivateServerError> {
        super::leftover::end_server(&self.cluster())?;
        if self.directory != self.data_dir {
            remove(&self.directory)?;
        }
        OWN_ENTRIES.iter().try_for_each(|name| remove(&self.data_dir.join(name)))
    }

    /// The user that the server runs as, where that is another than ours.
    pub(super) fn account(&self) -> Option<Account> {
        self.account
    }

    /// An empty file that only the server's user can read, in place of what was there.
    pub(super) fn create_private(&self, path: &Path) -> Result<File, PrivateServerError> {
        remove(path)?;
        let file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(path)
            .map_err(PrivateServerError::io("create", path))?;
        self.account.map_or(Ok(()), |account| account.take(path))?;
        Ok(file)
    }
}

/// Removes a file or a directory with all that is in it; one that is not there is as good as removed.
pub(super) fn remove(path: &Path) -> Result<(), PrivateServerError> {
    let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(PrivateServerError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// `data_dir`, given to the server's user; or a directory of the system where that user cannot get there.
fn reachable(data_dir: &Path, account: Account) -> Result<PathBuf, PrivateServerError> {
    if data_dir.join(ELSEWHERE).exists() {
        return elsewhere(data_dir);
    }
    account.take(data_dir)?;
    if account.can_write_in(data_dir) {
        return Ok(data_dir.to_owned());
    }
    elsewhere(data_dir)
}

/// The directory under [`SYSTEM_FOLDER`] that stands for `data_dir`.
///
/// The notice in `data_dir` is written before the cluster: a cluster without one is what remains of a
/// data directory that somebody removed to start over.
fn elsewhere(data_dir: &Path) -> Result<PathBuf, PrivateServerError> {
    let stands_for = digest::digest(&digest::SHA256, data_dir.as_os_str().as_encoded_bytes());
    make_directory(Path::new(SYSTEM_FOLDER), 0o755)?;
    let directory = Path::new(SYSTEM_FOLDER).join(hex::encode(&stands_for.as_ref()[..8]));
    let notice = data_dir.join(ELSEWHERE);
    if !notice.exists() {
        remove_abandoned(&directory, data_dir)?;
        std::fs::write(&notice, notice_text(&directory)).map_err(PrivateServerError::io("write", &notice))?;
    }
    make_directory(&directory, 0o700)
}

fn notice_text(directory: &Path) -> String {
    format!(
        "PostgreSQL does not run as root, and the user it runs as cannot reach this folder.\n\
         The data therefore lies in\n\n    {}\n\n\
         Removing this file removes that data at the next start.\n",
        directory.display()
    )
}

fn remove_abandoned(directory: &Path, data_dir: &Path) -> Result<(), PrivateServerError> {
    if !directory.exists() {
        return Ok(());
    }
    let _lock = lock(&directory.join(LOCK), data_dir)?;
    super::leftover::end_server(&directory.join(CLUSTER))?;
    remove(directory)
}

fn make_directory(path: &Path, mode: u32) -> Result<PathBuf, PrivateServerError> {
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .and_then(|()| path.canonicalize())
        .map_err(PrivateServerError::io("create the directory", path))
}

/// A directory with other things in it must not change its owner.
fn refuse_foreign(data_dir: &Path) -> Result<(), PrivateServerError> {
    let entries = std::fs::read_dir(data_dir).map_err(PrivateServerError::io("read", data_dir))?;
    let foreign = entries.flatten().map(|entry| entry.file_name()).find(|name| {
        let name = name.to_string_lossy();
        !OWN_ENTRIES.contains(&name.as_ref()) && !name.starts_with(".probe.")
    });
    match foreign {
        None => Ok(()),
        Some(name) => Err(PrivateServerError::ForeignDirectory {
            data_dir: data_dir.to_owned(),
            found: name.to_string_lossy().into_owned(),
        }),
    }
}

/// A lock until this is dropped; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    /// By closing the file alone it would be held on by a child that is just being started, which has the file open until it
    /// becomes another program.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::debug!(%error, "the lock of a data directory is let go of with its file");
        }
    }
}

/// Takes the lock, and writes our process ID into it for whoever comes next.
fn lock(path: &Path, data_dir: &Path) -> Result<Lock, PrivateServerError> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(PrivateServerError::io("open", path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(in_use(&mut file, data_dir)),
        Err(TryLockError::Error(source)) => {
            return Err(PrivateServerError::io("lock", path)(source));
        }
    }
    file.set_len(0)
        .and_then(|()| write!(file, "{}", std::process::id()))
        .map_err(PrivateServerError::io("write", path))?;
    Ok(Lock(file))
}

fn in_use(lock: &mut File, data_dir: &Path) -> PrivateServerError {
    let mut holder = String::new();
    let known = lock.read_to_string(&mut holder).is_ok() && !holder.is_empty();
    PrivateServerError::InUse {
        data_dir: data_dir.to_owned(),
        holder: if known { holder } else { "(unknown)".to_owned() },
    }
}
