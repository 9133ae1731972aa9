//! Which database the settings name.

use std::path::PathBuf;
use std::time::Duration;

use super::check::{Check, given};
use super::{Secret, SecretName, SecretSetting, Settings};
use crate::db::{Target, embedded};

/// The database that the settings name.
#[derive(Clone)]
pub enum DatabaseChoice {
    /// A private PostgreSQL in this directory. The secret is kept there unless one is set.
    Private {
        /// The data directory.
        data_dir: PathBuf,
        /// The secret, if one is set.
        secret: Option<Secret>,
    },
    /// A PostgreSQL that somebody else runs.
    External {
        /// Its address.
        target: Target,
        /// The way past a pooler, if the address is one's.
        direct: Option<Target>,
        /// The secret, which must be set.
        secret: Secret,
    },
}

impl std::fmt::Debug for DatabaseChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Private { data_dir, .. } => write!(f, "Private({})", data_dir.display()),
            Self::External { target, direct: None, .. } => write!(f, "External({})", target.address()),
            Self::External { target, direct: Some(direct), .. } => {
                write!(f, "External({}, directly {})", target.address(), direct.address())
            }
        }
    }
}

impl Check {
    pub(super) fn database(&mut self, settings: &Settings) -> Option<DatabaseChoice> {
        let secret = self.secret(&settings.secret);
        let range = Duration::ZERO..=Duration::from_secs(600);
        let patience = self.duration("PORTCULLIS_DATABASE_WAIT", &settings.database_wait, "30s", range);
        let direct = self.direct(settings).map(|direct| direct.patient(patience));
        if !settings.database_url.is_given() {
            let data_dir = given(settings.data_dir.as_ref()).map(|path| Ok(PathBuf::from(path)));
            return match data_dir.unwrap_or_else(embedded::default_data_dir) {
                Ok(data_dir) => Some(DatabaseChoice::Private { data_dir, secret }),
                Err(error) => self.fault("PORTCULLIS_DATA_DIR", error, None),
            };
        }
        if !settings.secret.is_given() {
            self.fault(
                "PORTCULLIS_SECRET",
                "it must be set when DATABASE_URL is; `openssl rand -base64 32` makes one",
                (),
            );
        }
        let target = self.target(&settings.database_url)?.patient(patience);
        let target = if direct.is_some() { target.pooled() } else { target };
        Some(DatabaseChoice::External { target, direct, secret: secret? })
    }

    fn direct(&mut self, settings: &Settings) -> Option<Target> {
        if settings.database_direct_url.is_given() && !settings.database_url.is_given() {
            let why = "it is a second way to the database of DATABASE_URL, which is not set";
            self.fault(settings.database_direct_url.variable(), why, ());
        }
        self.target(&settings.database_direct_url)
    }

    fn target(&mut self, setting: &SecretSetting<impl SecretName>) -> Option<Target> {
        let url = setting.read(self)?;
        // Of a file with more than one line, mostly. What is wrong is told without the rest of it, which would be quoted as an option.
        if url.contains(char::is_control) {
            let why = "it holds the end of a line, or another control character, which no address has";
            return self.fault(setting.variable(), why, None);
        }
        url.parse().map_or_else(|error| self.fault(setting.variable(), error, None), Some)
    }
}
