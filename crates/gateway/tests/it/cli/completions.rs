//! `groupgate completions`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::program::{groupgate, run};

#[test]
fn each_shell_gets_a_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell], &[], "");
        assert_eq!(script.code, Some(0), "{shell}: {}", script.stderr);
        for word in ["credentials", "reconcile", "rotate"] {
            assert!(script.stdout.contains(word), "{shell} lacks {word}");
        }
    }
    assert_eq!(run(&["completions", "cmd.exe"], &[], "").code, Some(2));
}

#[test]
fn bash_completes_with_its_script() {
    let Ok(bash) = Command::new("bash").arg("-c").arg(":").status() else { return };
    assert!(bash.success());
    let script = run(&["completions", "bash"], &[], "").stdout;
    let ask = "COMP_WORDS=(groupgate keys ro); COMP_CWORD=2; _groupgate groupgate ro keys; echo \"${COMPREPLY[@]}\"";
    let mut bash = Command::new("bash").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // The script is longer than an argument may be.
    writeln!(bash.stdin.take().unwrap(), "{script}\n{ask}").unwrap();
    let answer = bash.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&answer.stdout).trim(), "rotate", "{answer:?}");
}

#[test]
fn a_reader_who_leaves_is_no_failure() {
    let mut completions = groupgate(&["completions", "zsh"], &[]).spawn().unwrap();
    drop(completions.stdout.take());
    assert_eq!(completions.wait().unwrap().code(), Some(0));
}
