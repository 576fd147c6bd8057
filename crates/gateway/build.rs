//! Tells the program which commit it is made of: `GROUPGATE_COMMIT`, or what git says, or `unknown`.

use std::path::Path;
use std::process::Command;

/// As many digits of a commit as tell it from all others.
const DIGITS: usize = 12;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=GROUPGATE_COMMIT");
    // Under a name that is none of ours: `cargo run` has the program see it, which warns of settings that it does not know.
    println!("cargo::rustc-env=BUILT_OF_COMMIT={}", given().or_else(asked).unwrap_or_else(|| "unknown".to_owned()));
}

/// The commit that whoever builds names, where there is no repository: a release from an archive, an image.
fn given() -> Option<String> {
    let commit = std::env::var("GROUPGATE_COMMIT").ok()?;
    let is_one = commit.len() >= DIGITS && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_one.then(|| commit[..DIGITS].to_ascii_lowercase())
}

/// The commit that git has checked out here. Another one is asked for when HEAD or its branch moves, and no sooner.
fn asked() -> Option<String> {
    // Unpacked inside of another repository, this would be told of that one's.
    git(&["ls-files", "--error-unmatch", "Cargo.toml"])?;
    let commit = git(&["rev-parse", &format!("--short={DIGITS}"), "HEAD"])?;
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    let mut places = vec!["HEAD".to_owned(), "packed-refs".to_owned()];
    places.extend(branch);
    // A place that is not there would count as changed each time. A branch that is packed is written apart when it moves.
    for place in places.iter().filter_map(|place| git(&["rev-parse", "--git-path", place])) {
        let there = Path::new(&place).ancestors().find(|path| path.exists());
        if let Some(there) = there.filter(|path| path.file_name().is_some_and(|name| name != ".git")) {
            println!("cargo::rerun-if-changed={}", there.display());
        }
    }
    Some(commit)
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
