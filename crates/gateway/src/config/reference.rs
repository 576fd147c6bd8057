//! `docs/settings.md`, made from the table of settings.

use std::fmt::Write as _;

use super::{catalog, setting::About};

const HEAD: &str = "\
# Settings

Each is an environment variable and, where it is no secret, a flag of `groupgate serve`, which goes before the variable. A secret
is never a flag, since other users of a machine see arguments: the variable with `_FILE` at its end may name a file that holds it.
A wrong value ends the start with its name, the value and what is expected; an unknown `GROUPGATE_*` variable is a warning that
names the nearest known one.

`groupgate config check` prints what is in force, secrets masked, and where each value came from. This page is
what `groupgate openapi --settings` prints.

| Variable | Flag | Default | Meaning |
|---|---|---|---|
";

const FOOT: &str = "
How a limit (`GROUPGATE_RATE_PER_…`) is written, and what it counts, is in [`limits.md`](limits.md); how secrets are kept and
rotated in [`custody.md`](custody.md). `groupgate demo` takes these settings, too, but for what its `demo.env` holds; its own flags
are in `groupgate demo --help`.
";

/// The page of all settings, in the table's order.
pub fn settings_markdown() -> String {
    let rows = catalog::ALL.iter().fold(String::new(), |mut rows, setting| {
        row(&mut rows, setting.about());
        rows
    });
    format!("{HEAD}{rows}{FOOT}")
}

fn row(rows: &mut String, about: &About) {
    let variable = match about.file_variable() {
        Some(file) => format!("`{}`, `{file}`", about.variable),
        None => format!("`{}`", about.variable),
    };
    let flag = about.flag.map_or_else(|| "–".to_owned(), |flag| format!("`--{flag}`"));
    let default = about.default.map_or_else(|| about.default_note.to_owned(), |text| format!("`{text}`"));
    // Writing into a `String` cannot fail.
    let _ = writeln!(rows, "| {variable} | {flag} | {default} | {} |", about.meaning);
}
