//! Parsing the command line twice where it names a file of settings: to find the file, and with what the file says.

use std::ffi::OsString;

use clap::{ArgMatches, Command, Error};

use super::file::{self, SettingsFile};
use super::form::Given;
use super::reference::documented;

/// Parses `arguments` by a command that has the flags of [`Settings`](super::Settings), and reads the file of settings that they
/// name. A flag goes before a variable, that before the file, and the default comes last. An empty one counts as not set.
///
/// # Errors
/// When the arguments are none of the command's, or ask for help. What is wrong with the settings and their file is told by
/// [`Settings::check`](super::Settings::check).
pub fn parse<A: Into<OsString>>(command: Command, arguments: impl IntoIterator<Item = A>) -> Result<ArgMatches, Error> {
    let command = documented(command);
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let matches = command.clone().try_get_matches_from(&arguments)?;
    let file = matches.try_get_one::<Given<SettingsFile>>(file::ID).ok().flatten();
    match file.filter(|file| file.is_set) {
        Some(file) => file.value.clone().read(&command, &matches).feed(command).try_get_matches_from(arguments),
        None => Ok(matches),
    }
}
