//! Making a cluster: `initdb`, so that a crash in the middle leaves nothing that looks finished.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use secrecy::{ExposeSecret as _, SecretString};

use super::account::drop_to;
use super::binaries::Binaries;
use super::error::PrivateServerError;
use super::home::{Home, remove};

/// The superuser of every private cluster.
pub(super) const SUPERUSER: &str = "postgres";

/// The major version that made the cluster in `cluster`; `None` where there is no cluster yet.
pub(super) fn made_by(cluster: &Path) -> Result<Option<u32>, PrivateServerError> {
    let file = cluster.join("PG_VERSION");
    if !cluster.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&file).map_err(PrivateServerError::io("read", &file))?;
    let unreadable = |_| std::io::Error::other(format!("{:?} is no major version", text.trim()));
    text.trim().parse().map(Some).map_err(unreadable).map_err(PrivateServerError::io("read", &file))
}

/// Makes the cluster, unless it is there, and returns the superuser's password.
///
/// The password is written first and the finished cluster renamed last, so that where a cluster stands,
/// its password does too.
pub(super) fn prepare(home: &Home, binaries: &Binaries, durable: bool) -> Result<SecretString, PrivateServerError> {
    if !home.cluster().exists() {
        write_password(home)?;
        remove(&home.unfinished_cluster())?;
        initdb(home, binaries, durable)?;
        std::fs::rename(home.unfinished_cluster(), home.cluster())
            .map_err(PrivateServerError::io("rename the new cluster to", &home.cluster()))?;
    }
    let password = std::fs::read_to_string(home.password())
        .map_err(PrivateServerError::io("read the superuser's password in", &home.password()))?;
    Ok(password.trim().to_owned().into())
}

fn write_password(home: &Home) -> Result<(), PrivateServerError> {
    let password = random_password()?;
    let mut file = home.create_private(&home.password())?;
    writeln!(file, "{}", password.expose_secret())
        .and_then(|()| file.sync_all())
        .map_err(PrivateServerError::io("write", &home.password()))
}

/// A password of 256 random bits, in letters that need no quoting anywhere.
pub(super) fn random_password() -> Result<SecretString, PrivateServerError> {
    let mut bytes = zeroize::Zeroizing::new([0_u8; 32]);
    aws_lc_rs::rand::fill(bytes.as_mut_slice()).map_err(|_| PrivateServerError::NoRandomness)?;
    Ok(hex::encode(bytes.as_slice()).into())
}

fn initdb(home: &Home, binaries: &Binaries, durable: bool) -> Result<(), PrivateServerError> {
    let mut command = Command::new(binaries.program("initdb"));
    command
        .arg("--pgdata")
        .arg(home.unfinished_cluster())
        .arg("--pwfile")
        .arg(home.password())
        .args(["--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"])
        .args((!durable).then_some("--no-sync"))
        .current_dir("/")
        .stdin(Stdio::null());
    let output = drop_to(plain_environment(&mut command), home.account())
        .output()
        .map_err(PrivateServerError::io("run", &binaries.program("initdb")))?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    Err(PrivateServerError::Init {
        cluster: home.cluster(),
        output: String::from_utf8_lossy(&printed).trim().to_owned(),
    })
}

/// The server's processes belong to another user: they see nothing of our environment, which may hold
/// secrets, nor are they moved by a `PGDATA` or `PGPORT` of the shell. Messages are in English, since
/// some are read by the program.
pub(super) fn plain_environment(command: &mut Command) -> &mut Command {
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    command.env_clear().env("PATH", path).env("LC_ALL", "C")
}
