//! The program that is measured.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// Which one, where it is not the one that cargo has built.
const OTHER: &str = "GROUPGATE_BENCH_PROGRAM";

/// `groupgate`: the one that `GROUPGATE_BENCH_PROGRAM` names, else the one that cargo has built. It sees no setting of the
/// shell's.
pub(crate) fn groupgate() -> Command {
    let built = || PathBuf::from(env!("CARGO_BIN_EXE_groupgate"));
    let mut command = Command::new(std::env::var_os(OTHER).map_or_else(built, PathBuf::from));
    for name in std::env::vars_os().map(|(name, _)| name).filter(is_setting) {
        command.env_remove(name);
    }
    command
}

fn is_setting(name: &OsString) -> bool {
    name.to_string_lossy().starts_with("GROUPGATE_")
}
