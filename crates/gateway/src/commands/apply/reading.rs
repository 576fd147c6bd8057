//! The file's text, before anything in it is believed.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read},
    path::Path,
};

use super::form::Form;

/// Far above what a file of thousands of tenants takes.
const LONGEST: u64 = 16 * 1024 * 1024;

/// The text of this file, or of standard input where there is none. One that is too long is refused, never cut: what a file
/// does not say, `--prune` removes.
pub(super) fn text(file: Option<&Path>) -> io::Result<String> {
    match file {
        Some(file) => bounded(fs::File::open(file)?, LONGEST),
        None => bounded(io::stdin().lock(), LONGEST),
    }
}

/// All that there is to read, where it is no longer than `longest` bytes.
pub(super) fn bounded(from: impl Read, longest: u64) -> io::Result<String> {
    let mut text = String::new();
    from.take(longest + 1).read_to_string(&mut text)?;
    if text.len() as u64 > longest {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("longer than {longest} bytes")));
    }
    Ok(text)
}

/// What the text says.
///
/// # Errors
/// What is wrong with it as YAML, or as a file of tenants.
pub(super) fn form(text: &str) -> Result<Form, String> {
    if let Some(name) = alias(text) {
        return Err(format!(
            "`*{name}` repeats what stands at `&{name}`: write it out, since a short file could repeat without end"
        ));
    }
    serde_norway::from_str(text).map_err(|error| error.to_string())
}

/// A name behind `&` and, anywhere, behind `*` too: so YAML has something once and repeats it, and a few lines that repeat
/// each other fill any memory.
fn alias(text: &str) -> Option<&str> {
    let repeated = names(text, '*');
    names(text, '&').into_iter().find(|name| repeated.contains(name))
}

/// The names that stand behind a sign.
fn names(text: &str, sign: char) -> BTreeSet<&str> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || ['-', '_'].contains(&character);
    let behind = text.match_indices(sign).map(|(at, _)| &text[at + 1..]);
    let names = behind.map(|rest| rest.split(|character| !is_part(character)).next().unwrap_or_default());
    names.filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_refused_and_not_cut() {
        assert_eq!(bounded(&b"12345"[..], 5).unwrap(), "12345");
        assert_eq!(bounded(&b"123456"[..], 5).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn what_repeats_itself_is_refused_before_it_is_read() {
        let line = |depth: u32| format!("x{depth}: &x{depth} [*x{0}, *x{0}]\n", depth - 1);
        let bomb =
            format!("apiVersion: groupgate/v1\nx0: &x0 [lol, lol]\n{}", (1..30).map(line).collect::<Vec<_>>().concat());
        assert!(form(&bomb).unwrap_err().contains("write it out"));
        assert_eq!(alias("a: {b: &limits-1 {}}\nc:*limits-1"), Some("limits-1"));
        for text in
            ["types: [group.*, message.*]", "name: Miller &Sons", "url: 'https://x/?a=1&b=*a'", "cams:*, '*' & *"]
        {
            assert_eq!(alias(text), None, "{text}");
        }
    }
}
