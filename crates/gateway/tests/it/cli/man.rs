//! `groupgate man`.

use std::collections::BTreeSet;
use std::fs;

use clap::{Command, CommandFactory};
use gateway::cli::Cli;

use crate::program::run;

/// The pages that there must be: one for each command that is not hidden.
fn pages(command: &Command, above: &str) -> BTreeSet<String> {
    let name = format!("{above}{}", command.get_name());
    let shown = command.get_subcommands().filter(|below| !below.is_hide_set());
    let below = shown.flat_map(|below| pages(below, &format!("{name}-")));
    below.chain([format!("{name}.1")]).collect()
}

#[test]
fn every_command_has_a_page_with_its_examples() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("share/man/man1");
    let written = run(&["man", "--dir", dir.to_str().unwrap(), "--date", "2026-11-22"], &[], "");
    assert_eq!((written.code, written.stdout.as_str()), (Some(0), ""), "{}", written.stderr);
    let expected = pages(&Cli::command(), "");
    let names = fs::read_dir(&dir).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.collect::<BTreeSet<_>>(), expected);
    assert!(expected.len() > 40, "{}", expected.len());
    let page = fs::read_to_string(dir.join("groupgate-keys-create.1")).unwrap();
    for part in [".TH groupgate-keys-create 1 2026-11-22 ", ".SH EXAMPLES\n", "groupgate keys create \\-\\-name till"] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert_eq!(page.matches(".ie ").count(), 1, "the head of a page stands in it once: {page}");
}

#[test]
fn one_page_is_printed_and_a_command_that_is_not_there_is_told() {
    let page = run(&["man"], &[], "");
    assert!(page.code == Some(0) && page.stdout.contains(".SH \"EXIT CODES\"\n"), "{page:?}");
    assert!(run(&["man", "keys", "rotate"], &[], "").stdout.contains(".SH SYNOPSIS\n\\fBgroupgate keys rotate\\fR"));
    let unknown = run(&["man", "keys", "lose"], &[], "");
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("there is no command `keys lose`"), "{}", unknown.stderr);
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("a-file");
    fs::write(&file, "").unwrap();
    let refused = run(&["man", "--dir", file.to_str().unwrap()], &[], "");
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains(&format!("cannot write into {}: ", file.display())), "{}", refused.stderr);
}
