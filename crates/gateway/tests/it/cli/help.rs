//! What `--help` says, for somebody who has nothing else.

use clap::{Command, CommandFactory, Parser};
use gateway::cli::Cli;

use crate::program::run;

/// The name of each command that does something, and its long help.
fn helps() -> Vec<(String, String)> {
    let mut helps = Vec::new();
    collect(&mut Cli::command(), "", &mut helps);
    helps
}

fn collect(command: &mut Command, above: &str, helps: &mut Vec<(String, String)>) {
    let name = format!("{above}{}", command.get_name());
    let help = command.render_long_help().to_string();
    for below in command.get_subcommands_mut() {
        collect(below, &format!("{name} "), helps);
    }
    helps.push((name, help));
}

/// The lines of an example that call us, as a shell would take them apart, without what is for the shell alone.
fn examples(help: &str) -> Vec<Vec<String>> {
    let help = help.replace("\\\n    ", "");
    let call = |line: &str| {
        let (before, rest) = line.strip_prefix("  ")?.split_once("groupgate ")?;
        let is_call = before.split_whitespace().all(|variable| variable.contains('='));
        (is_call && !before.starts_with(' ')).then(|| rest.to_owned())
    };
    let lines = help.lines().filter_map(call);
    let examples = lines.filter(|line| !line.contains('…')).map(|line| {
        let shell = [" < ", " > ", " | ", "     "].iter().filter_map(|mark| line.find(mark)).min();
        std::iter::once("groupgate".to_owned()).chain(words(&line[..shell.unwrap_or(line.len())])).collect()
    });
    examples.collect()
}

/// Words, some in single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (nth, piece) in line.split('\'').enumerate() {
        if nth % 2 == 1 {
            words.push(piece.to_owned());
        } else {
            words.extend(piece.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[test]
fn every_example_is_one_that_the_command_line_takes() {
    let mut tried = 0;
    for (name, help) in helps() {
        for example in examples(&help) {
            let parsed = Cli::try_parse_from(&example);
            let is_taken = parsed.is_ok() || example.last().is_some_and(|word| word == "--help");
            assert!(is_taken, "{name}: {example:?}: {}", parsed.unwrap_err());
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried}");
}

#[test]
fn every_command_for_administrators_has_an_example_of_itself_and_speaks_json() {
    let nouns = ["tenants", "numbers", "credentials", "keys", "limits", "groups", "endpoints", "events", "config"];
    let mut seen = 0;
    for (name, help) in helps() {
        if nouns.iter().any(|noun| name.starts_with(&format!("groupgate {noun} "))) && !name.ends_with(" help") {
            assert!(help.lines().any(|line| line.trim_start().starts_with(&name)), "{name} has no example: {help}");
            assert!(help.contains("--json"), "{name}");
            seen += 1;
        }
    }
    assert_eq!(seen, 33);
}

#[test]
fn the_version_tells_of_which_commit_it_is() {
    let ended = run(&["--version"], &[], "");
    let expected = format!("groupgate {} ({})\n", env!("CARGO_PKG_VERSION"), gateway::version::COMMIT);
    assert_eq!((ended.code, ended.stdout), (Some(0), expected));
    let digits = gateway::version::COMMIT;
    let is_commit = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_commit || digits == "unknown", "{digits}");
}
