//! The settings as flags of a command, made from the table rather than written a second time.

use std::collections::BTreeMap;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::{
    catalog,
    setting::{About, AnySetting},
};

const HEADING: &str = "Settings";

/// The texts of the settings that were given as flags.
#[derive(Debug, Clone, Default)]
pub struct SettingFlags(BTreeMap<&'static str, String>);

impl SettingFlags {
    /// Flags as if given on the command line; the demo gives its own ports so.
    pub fn of<'a>(given: impl IntoIterator<Item = (&'a dyn AnySetting, String)>) -> Self {
        let flag = |(setting, text): (&dyn AnySetting, String)| Some((setting.about().flag?, text));
        Self(given.into_iter().filter_map(flag).collect())
    }

    pub(super) fn get(&self, about: &About) -> Option<(&'static str, &str)> {
        let flag = about.flag?;
        self.0.get(flag).map(|text| (flag, text.as_str()))
    }
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        let flags = catalog::ALL.iter().filter_map(|setting| argument(setting.about()));
        command.args(flags).after_help(secrets_help())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |flag: &'static str| Some((flag, matches.get_one::<String>(flag)?.clone()));
        let flags = catalog::ALL.iter().filter_map(|setting| setting.about().flag);
        Ok(Self(flags.filter_map(given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.extend(Self::from_arg_matches(matches)?.0);
        Ok(())
    }
}

fn argument(about: &About) -> Option<Arg> {
    let help = format!("{} [env: {}] [default: {}]", about.meaning, about.variable, about.shown_default());
    let argument = |flag| Arg::new(flag).long(flag).value_name("VALUE").help(help).help_heading(HEADING);
    about.flag.map(argument)
}

/// The settings that are no flags, for the end of `--help`.
pub(crate) fn secrets_help() -> String {
    let heading = "Secrets, read from the environment, or from the file that NAME_FILE names:\n";
    let line = |about: &About| {
        format!("  {}\n          {} [default: {}]\n", about.variable, about.meaning, about.shown_default())
    };
    let secrets = catalog::ALL.iter().map(|setting| setting.about()).filter(|about| about.is_secret());
    std::iter::once(heading.to_owned()).chain(secrets.map(line)).collect()
}
