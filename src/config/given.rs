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
        read(command(), Given::default())
    }

    /// The same, with settings of the application's own: each counts where the environment does not have it.
    ///
    /// # Errors
    /// Every fault there is; a name that is no setting is one.
    pub fn from_env_or<N: AsRef<str>, V: Into<OsString>>(
        defaults: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, BadSettings> {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let unset = defaults.into_iter().filter(|(name, _)| !is_set(name.as_ref()));
        let command = command();
        let flags = flags(&command, unset);
        read(command, flags)
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
        let flags = flags(&command, settings);
        read(command.mut_args(|arg| arg.env(None::<&str>)), flags)
    }
}

/// Flags for these settings, and a fault for each name that is none.
type Given = (Vec<OsString>, Vec<String>);

fn flags<N: AsRef<str>, V: Into<OsString>>(command: &Command, settings: impl IntoIterator<Item = (N, V)>) -> Given {
    let known: BTreeMap<_, _> =
        command.get_arguments().filter_map(|arg| Some((arg.get_env()?.to_str()?, arg.get_long()?))).collect();
    let (mut flags, mut faults) = Given::default();
    for (name, value) in settings {
        match known.get(name.as_ref()) {
            Some(flag) => {
                let mut argument = OsString::from(format!("--{flag}="));
                argument.push(value.into());
                flags.push(argument);
            }
            None => faults.push(format!("{}: it is no setting", name.as_ref())),
        }
    }
    (flags, faults)
}

fn command() -> Command {
    Settings::augment_args(Command::new("portcullis"))
}

fn read(command: Command, (flags, mut faults): Given) -> Result<Config, BadSettings> {
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
