//! What lies in this process's memory, master keys and opened tokens among it, is for nobody else.

use nix::sys::resource::{Resource, setrlimit};

/// No core dump is written, by this process or by what it starts. On Linux other processes of the same user may not read its
/// memory or its environment either (`ptrace`, `/proc/<pid>/mem`, `/proc/<pid>/environ`), and a program that core dumps are
/// piped to gets none, which the limit alone does not see to (`core(5)`, and `PR_SET_DUMPABLE` in `prctl(2)`).
///
/// # Errors
/// Where the system refuses. A dump would then hold secrets in the clear.
pub(crate) fn keep_private() -> nix::Result<()> {
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_dumpable(false)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use nix::sys::resource::getrlimit;

    use super::*;

    #[test]
    fn a_process_that_keeps_its_memory_private_dumps_no_core_and_lets_nobody_look() {
        keep_private().unwrap();
        assert_eq!(getrlimit(Resource::RLIMIT_CORE), Ok((0, 0)));
        #[cfg(target_os = "linux")]
        assert_eq!(nix::sys::prctl::get_dumpable(), Ok(false));
    }
}
