//! For whom the server runs.

use super::check::{Check, given};

/// What defaults are chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Anybody may reach it: nothing is told that need not be.
    Production,
    /// Whoever builds an application with it.
    Development,
}

impl Environment {
    /// With a database of its own a server is somebody's who tries it.
    pub(super) fn check(setting: Option<&String>, private: bool, check: &mut Check) -> Self {
        let default = if private { Self::Development } else { Self::Production };
        match given(setting) {
            None => default,
            Some("production") => Self::Production,
            Some("development") => Self::Development,
            Some(_) => check.fault("PORTCULLIS_ENV", "it is production or development", default),
        }
    }

    /// Whether clients may explore.
    #[must_use]
    pub fn is_development(self) -> bool {
        self == Self::Development
    }
}
