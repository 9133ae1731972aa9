//! The file of settings that `--config` names.

mod contents;
mod values;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{ArgMatches, Command};

use super::form::{Form, Kind, Reader, Shape, Subject};
use contents::Contents;
pub(super) use contents::ID;

/// The file of settings. What is wrong with it is kept, to be told with all other faults.
#[derive(Clone)]
pub(super) struct SettingsFile {
    path: PathBuf,
    /// None before it is read.
    contents: Option<Arc<Contents>>,
}

impl SettingsFile {
    /// Takes the name of a file, and does not read it yet.
    pub(super) fn parser() -> Reader<impl Form<Value = Self>> {
        Reader(Named { read: None })
    }

    /// Reads the file for a command line that was parsed without it.
    pub(super) fn read(self, command: &Command, matches: &ArgMatches) -> Self {
        let settings: Vec<_> = command.get_arguments().filter(|arg| Shape::of(arg).is_some()).cloned().collect();
        let contents = Contents::read(&self.path, &settings, matches);
        Self { contents: Some(Arc::new(contents)), ..self }
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Has `command` take the file's values for what neither a flag nor a variable sets.
    pub(super) fn feed(self, command: Command) -> Command {
        let contents = self.contents.clone().unwrap_or_default();
        let command = command.mut_args(|arg| match contents.values.get(arg.get_id().as_str()) {
            Some(value) => arg.default_value(value.as_str().to_owned()).hide_default_value(true),
            None => arg,
        });
        command.mut_arg(ID, |arg| arg.value_parser(Reader(Named { read: Some(self.clone()) })))
    }

    /// All that is wrong with it.
    pub(super) fn faults(&self) -> Vec<String> {
        let unread = || vec!["PORTCULLIS_CONFIG: it is read by portcullis::config::parse alone".to_owned()];
        self.contents.as_ref().map_or_else(unread, |contents| contents.faults.clone())
    }

    /// The place of the setting of this variable, if its value comes from the file.
    pub(super) fn place(&self, variable: &str) -> Option<&str> {
        self.contents.as_ref()?.places.get(variable).map(String::as_str)
    }

    /// Whether the file would set one of these, if it was not at fault.
    pub(super) fn may_set(&self, keys: &[&str]) -> bool {
        self.contents.as_ref().is_some_and(|contents| {
            contents.is_incomplete || keys.iter().any(|key| contents.faulty.iter().any(|faulty| faulty == key))
        })
    }
}

#[derive(Clone)]
struct Named {
    /// What the name stands for, once the file was read.
    read: Option<SettingsFile>,
}

impl Form for Named {
    type Value = SettingsFile;

    fn read(&self, text: &str, _: Subject) -> Result<SettingsFile, Vec<String>> {
        self.read_raw(text.as_ref())
    }

    fn read_raw(&self, value: &std::ffi::OsStr) -> Result<SettingsFile, Vec<String>> {
        Ok(self.read.clone().unwrap_or_else(|| SettingsFile { path: PathBuf::from(value), contents: None }))
    }

    fn stand_in(&self) -> SettingsFile {
        SettingsFile { path: PathBuf::new(), contents: None }
    }

    fn shape(&self) -> Shape {
        Shape::new(Kind::File, [])
    }
}
