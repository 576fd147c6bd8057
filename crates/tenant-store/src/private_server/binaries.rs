//! The programs of a PostgreSQL server that this machine has installed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::cluster::plain_environment;

/// The oldest major version that serves: the oldest one PostgreSQL's own project still cares for
/// (<https://www.postgresql.org/support/versioning/>).
pub(super) const OLDEST_MAJOR: u32 = 14;

/// Folders that hold one `bin` folder a version: Debian's, RPM's, Homebrew's on both kinds of Mac,
/// and Postgres.app's. `*` stands for one part of a name.
const INSTALLED: &[&str] = &[
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/usr/local/pgsql/bin",
    "/usr/libexec/postgresql",
];

/// The server programs of one PostgreSQL version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binaries {
    /// The major version, such as 17.
    pub(super) major: u32,
    /// The minor version, such as 5.
    pub(super) minor: u32,
    /// The folder that holds `initdb` and `postgres`.
    pub(super) bin: PathBuf,
}

impl Binaries {
    /// The server programs in `bin`, or `None` where one is missing, does not run, or is too old.
    pub(super) fn in_folder(bin: &Path) -> Option<Self> {
        if !bin.join("initdb").is_file() {
            return None;
        }
        let (major, minor) = version(&output(&bin.join("postgres"), "--version")?)?;
        (major >= OLDEST_MAJOR).then(|| Self { major, minor, bin: bin.to_owned() })
    }

    /// Every usable version that is installed on this machine, newest first.
    pub(super) fn installed() -> Vec<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self::among(&folders(&path))
    }

    fn among(folders: &BTreeSet<PathBuf>) -> Vec<Self> {
        let mut found: Vec<_> = folders.iter().filter_map(|bin| Self::in_folder(bin)).collect();
        found.sort_by_key(|binaries| std::cmp::Reverse((binaries.major, binaries.minor)));
        found
    }

    /// The path of one program, such as `initdb`.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

/// Where the programs may lie: what `pg_config` says, the known places, and `PATH`.
fn folders(path: &OsStr) -> BTreeSet<PathBuf> {
    let told = output(Path::new("pg_config"), "--bindir").map(|line| PathBuf::from(line.trim()));
    INSTALLED
        .iter()
        .flat_map(|pattern| matching(pattern))
        .chain(told)
        .chain(std::env::split_paths(path).filter(|folder| folder.is_absolute()))
        .collect()
}

/// The folders that a pattern with at most one `*` names.
fn matching(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or((".", before));
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path().join(after.trim_start_matches('/')))
        .collect()
}

/// What a program prints when asked one thing, or `None` where it is missing or fails.
fn output(program: &Path, argument: &str) -> Option<String> {
    let mut command = Command::new(program);
    let output = plain_environment(command.arg(argument).stdin(Stdio::null())).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Major and minor out of `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`; a beta (`18beta1`) is no version.
fn version(text: &str) -> Option<(u32, u32)> {
    let number = text.split("(PostgreSQL) ").nth(1)?.split_whitespace().next()?;
    let (major, minor) = number.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn install(root: &Path, name: &str, says: &str) -> PathBuf {
        let bin = root.join(name);
        std::fs::create_dir_all(&bin).unwrap();
        for program in ["initdb", "postgres"] {
            let file = bin.join(program);
            std::fs::write(&file, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        bin
    }

    #[test]
    fn the_newest_installed_version_comes_first_also_from_nine_to_ten() {
        let root = tempfile::tempdir().unwrap();
        let folders = [
            install(root.path(), "a", "postgres (PostgreSQL) 15.9"),
            install(root.path(), "b", "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"),
            install(root.path(), "c", "postgres (PostgreSQL) 17.2"),
        ];
        let found = Binaries::among(&folders.into());
        let versions: Vec<_> = found.iter().map(|found| (found.major, found.minor)).collect();
        assert_eq!(versions, [(17, 2), (15, 14), (15, 9)]);
    }

    #[test]
    fn a_version_that_is_too_old_or_not_finished_is_passed_over() {
        let root = tempfile::tempdir().unwrap();
        let old = install(root.path(), "old", "postgres (PostgreSQL) 13.22");
        let beta = install(root.path(), "beta", "postgres (PostgreSQL) 19beta1");
        assert_eq!(Binaries::among(&[old, beta].into()), []);
    }

    #[test]
    fn a_client_without_a_server_is_passed_over() {
        let root = tempfile::tempdir().unwrap();
        let bin = install(root.path(), "client", "postgres (PostgreSQL) 17.2");
        std::fs::remove_file(bin.join("initdb")).unwrap();
        assert_eq!(Binaries::in_folder(&bin), None);
    }

    #[test]
    fn a_pattern_names_each_version_beside_another() {
        let root = tempfile::tempdir().unwrap();
        for name in ["pgsql-16", "pgsql-17", "other"] {
            std::fs::create_dir(root.path().join(name)).unwrap();
        }
        let mut found = matching(&format!("{}/pgsql-*/bin", root.path().display()));
        found.sort();
        assert_eq!(found, [root.path().join("pgsql-16/bin"), root.path().join("pgsql-17/bin")]);
    }

    #[test]
    fn a_folder_on_the_path_is_looked_into_unless_it_is_relative() {
        let found = folders(OsStr::new("/opt/elsewhere/bin:.:bin"));
        assert!(found.contains(Path::new("/opt/elsewhere/bin")));
        assert!(found.iter().all(|folder| folder.is_absolute()));
    }
}
