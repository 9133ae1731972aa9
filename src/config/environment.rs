//! For whom the server runs.

use super::form::Named;

/// What defaults are chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Anybody may reach it: nothing is told that need not be.
    Production,
    /// Whoever builds an application with it.
    Development,
}

impl Environment {
    /// Whether clients may explore.
    #[must_use]
    pub fn is_development(self) -> bool {
        self == Self::Development
    }
}

impl Named for Environment {
    const WORDS: &'static [(&'static str, Self)] =
        &[("production", Self::Production), ("development", Self::Development)];
}
