//! The unprivileged user that the server's processes run as when root starts them: PostgreSQL refuses root.

use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Uid, User};

use super::cluster::plain_environment;
use super::error::PrivateServerError;

/// Users to run the server as, in order of preference: PostgreSQL's own, or one that owns nothing.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// A user and its group, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The user to drop to: `None` for an ordinary user, who runs the server itself.
    ///
    /// A cluster that an ordinary user made goes on as that user's.
    pub(super) fn for_server(cluster: &Path) -> Result<Option<Self>, PrivateServerError> {
        if !Uid::effective().is_root() {
            return Ok(None);
        }
        let owner = std::fs::metadata(cluster).ok().and_then(|cluster| Self::owner(&cluster));
        match owner {
            Some(owner) => Ok(Some(owner)),
            None => Self::unprivileged().map(Some),
        }
    }

    fn owner(file: &Metadata) -> Option<Self> {
        (file.uid() != 0).then(|| Self { uid: file.uid(), gid: file.gid() })
    }

    fn unprivileged() -> Result<Self, PrivateServerError> {
        CANDIDATES
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| Self { uid: user.uid.as_raw(), gid: user.gid.as_raw() })
            .ok_or(PrivateServerError::NoAccount)
    }

    /// Gives a file or directory to this user.
    pub(super) fn take(self, path: &Path) -> Result<(), PrivateServerError> {
        chown(path, Some(self.uid), Some(self.gid)).map_err(PrivateServerError::io("give to the server's user", path))
    }

    /// Whether this user can really make something in `directory`: mode bits alone do not tell, since
    /// every directory above has its say, and so have access lists and read-only mounts.
    pub(super) fn can_write_in(self, directory: &Path) -> bool {
        let mut probe = Command::new("/bin/sh");
        probe
            .args(["-c", r#"mkdir "$1/.probe.$$" && rmdir "$1/.probe.$$""#, "sh"])
            .arg(directory)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        drop_to(plain_environment(&mut probe), Some(self)).status().is_ok_and(|status| status.success())
    }
}

/// Makes a command run as `account`, where there is one; the standard library then drops root's other groups too.
pub(super) fn drop_to(command: &mut Command, account: Option<Account>) -> &mut Command {
    match account {
        Some(account) => command.uid(account.uid).gid(account.gid),
        None => command,
    }
}
