//! Settings of an application that has this library in its own process.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::{Args, Command, FromArgMatches};

use super::{BadSettings, Config, Settings, parse};

impl Config {
    /// The settings in the environment, as the server reads them: `DATABASE_URL`, `PORTCULLIS_SECRET` and so on, and those in
    /// the file that `PORTCULLIS_CONFIG` names.
    ///
    /// # Errors
    /// Every fault there is.
    pub fn from_env() -> Result<Self, BadSettings> {
        read(command(), Vec::new(), Vec::new())
    }

    /// The same, with defaults of the application's own: each counts where neither the environment nor that file has the setting.
    ///
    /// # Errors
    /// Every fault there is; a name that is no setting is one.
    pub fn from_env_or<N: AsRef<str>, V: Into<OsString>>(
        defaults: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, BadSettings> {
        let command = command();
        let (defaults, faults) = by_flag(&command, defaults);
        let command = command.mut_args(|arg| match arg.get_long().and_then(|flag| defaults.get(flag)) {
            Some(value) => arg.default_value(value.clone()),
            None => arg,
        });
        read(command, Vec::new(), faults)
    }

    /// These settings and no others, under the names that they have in the environment, which is not looked at:
    /// `Config::from_settings([("DATABASE_URL", url), ("PORTCULLIS_SECRET", secret)])`.
    ///
    /// # Errors
    /// Every fault there is; a name that is no setting is one.
    pub fn from_settings<N: AsRef<str>, V: Into<OsString>>(
        settings: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, BadSettings> {
        let command = command();
        let (settings, faults) = by_flag(&command, settings);
        let flag = |(flag, value): (String, OsString)| {
            let mut argument = OsString::from(format!("--{flag}="));
            argument.push(value);
            argument
        };
        read(command.mut_args(|arg| arg.env(None::<&str>)), settings.into_iter().map(flag).collect(), faults)
    }
}

/// These settings by their flags, and a fault for each name that is none.
fn by_flag<N: AsRef<str>, V: Into<OsString>>(
    command: &Command,
    settings: impl IntoIterator<Item = (N, V)>,
) -> (BTreeMap<String, OsString>, Vec<String>) {
    let known: BTreeMap<_, _> =
        command.get_arguments().filter_map(|arg| Some((arg.get_env()?.to_str()?, arg.get_long()?))).collect();
    let (mut flags, mut faults) = (BTreeMap::new(), Vec::new());
    for (name, value) in settings {
        match known.get(name.as_ref()) {
            Some(flag) => _ = flags.insert((*flag).to_owned(), value.into()),
            None => faults.push(format!("{}: it is no setting", name.as_ref())),
        }
    }
    (flags, faults)
}

fn command() -> Command {
    Settings::augment_args(Command::new("portcullis"))
}

fn read(command: Command, flags: Vec<OsString>, mut faults: Vec<String>) -> Result<Config, BadSettings> {
    let matches = parse(command, [OsString::from("portcullis")].into_iter().chain(flags));
    let settings = matches.and_then(|matches| Settings::from_arg_matches(&matches));
    // What is told of a flag must not show its value.
    let settings = settings.map_err(|error| BadSettings(vec![error.kind().to_string()]))?;
    match settings.check() {
        Ok(config) if faults.is_empty() => Ok(config),
        Ok(_) => Err(BadSettings(faults)),
        Err(BadSettings(others)) => {
            faults.extend(others);
            Err(BadSettings(faults))
        }
    }
}
