//! Which database the settings name.

use std::path::PathBuf;

use super::Secret;
use super::faults::Check;
use super::form::Given;
use super::secret_setting::{DatabaseDirectUrl, DatabaseUrl, DeploymentSecret, SecretName, SecretSetting};
use super::sections::database::DatabaseSettings;
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
    pub(super) fn database(
        &mut self,
        settings: &DatabaseSettings,
        secret_setting: &SecretSetting<DeploymentSecret>,
        data_dir: Option<&Given<PathBuf>>,
    ) -> Option<DatabaseChoice> {
        let DatabaseSettings { url, direct_url, database_wait, .. } = settings;
        let secret = secret_setting.read_deployment_secret(self);
        let patience = self.take(database_wait);
        let direct = self.direct(url, direct_url).map(|direct| direct.patient(patience));
        if !url.is_given(self) {
            let data_dir = self.optional(data_dir);
            return match data_dir.map_or_else(embedded::default_data_dir, Ok) {
                Ok(data_dir) => Some(DatabaseChoice::Private { data_dir, secret }),
                Err(error) => self.fault("PORTCULLIS_DATA_DIR", error, None),
            };
        }
        if !secret_setting.is_given(self) {
            let why = "it must be set when DATABASE_URL is; `openssl rand -base64 32` makes one";
            self.fault("PORTCULLIS_SECRET", why, ());
        }
        let target = self.target(url)?.patient(patience);
        let target = if direct.is_some() { target.pooled() } else { target };
        Some(DatabaseChoice::External { target, direct, secret: secret? })
    }

    fn direct(
        &mut self,
        url: &SecretSetting<DatabaseUrl>,
        direct: &SecretSetting<DatabaseDirectUrl>,
    ) -> Option<Target> {
        if direct.is_given(self) && !url.is_given(self) {
            let why = "it is a second way to the database of DATABASE_URL, which is not set";
            self.fault(direct.variable(), why, ());
        }
        self.target(direct)
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
