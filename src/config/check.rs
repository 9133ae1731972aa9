//! Collecting what is wrong with the settings.

use std::fmt::Display;

use super::file::SettingsFile;
use super::form::Given;
use super::reference::variable;

/// Collects faults. A faulty setting goes on as some harmless value, so that the rest is looked at as well.
pub(super) struct Check {
    pub(super) faults: Vec<String>,
    file: Option<SettingsFile>,
}

impl Check {
    pub(super) fn new(file: Option<&Given<SettingsFile>>) -> Self {
        let file = file.filter(|file| file.is_set).map(|file| file.value.clone());
        Self { faults: file.as_ref().map(SettingsFile::faults).unwrap_or_default(), file }
    }

    /// Tells a fault of the setting with this variable, by its place in the file where it comes from there.
    pub(super) fn fault<T>(&mut self, variable: &str, why: impl Display, instead: T) -> T {
        let place = self.file.as_ref().and_then(|file| file.place(variable));
        self.faults.push(format!("{}: {why}", place.unwrap_or(variable)));
        instead
    }

    /// The value of a setting that has a default.
    pub(super) fn take<T: Clone>(&mut self, given: &Given<T>) -> T {
        given.faults.iter().for_each(|why| self.fault(&variable(&given.id), why, ()));
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
