//! What is wrong with the settings, collected, so that all of it is told at once.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use super::file::SettingsFile;
use super::form::Given;

/// What is wrong with the settings, one line each. Never shows a secret.
#[derive(Debug)]
pub struct BadSettings(pub Vec<String>);

impl Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings can't be used:")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for BadSettings {}

/// Collects faults. A faulty setting goes on as some harmless value, so that the rest is looked at as well.
pub(super) struct Check {
    pub(super) faults: Vec<String>,
    file: Option<SettingsFile>,
    /// The variable of each setting, by the id of its argument.
    variables: BTreeMap<String, String>,
}

impl Check {
    pub(super) fn new(file: Option<&Given<SettingsFile>>, variables: BTreeMap<String, String>) -> Self {
        let file = file.filter(|file| file.is_set).map(|file| file.value.clone());
        Self { faults: file.as_ref().map(SettingsFile::faults).unwrap_or_default(), file, variables }
    }

    /// Tells a fault of the setting with this variable, by its place in the file where it comes from there.
    pub(super) fn fault<T>(&mut self, variable: &str, why: impl Display, instead: T) -> T {
        let place = self.file.as_ref().and_then(|file| file.place(variable));
        self.faults.push(format!("{}: {why}", place.unwrap_or(variable)));
        instead
    }

    /// The value of a setting that has a default.
    pub(super) fn take<T: Clone>(&mut self, given: &Given<T>) -> T {
        let variable = self.variables.get(&given.id).unwrap_or(&given.id).clone();
        given.faults.iter().for_each(|why| self.fault(&variable, why, ()));
        given.value.clone()
    }

    /// The value of a setting that has none, if it is set and sound.
    pub(super) fn optional<T: Clone>(&mut self, given: Option<&Given<T>>) -> Option<T> {
        let given = given.filter(|given| given.is_set)?;
        let value = self.take(given);
        given.faults.is_empty().then_some(value)
    }

    /// Whether the file of settings would set one of these keys, if it was not at fault, which is told by itself.
    pub(super) fn file_may_set(&self, keys: &[&str]) -> bool {
        self.file.as_ref().is_some_and(|file| file.may_set(keys))
    }
}
