//! Opens the database of the settings: connects to it, or starts it if it is private.

use std::path::{Path, PathBuf};

use super::StartError;
use crate::config::{Config, DatabaseChoice, Secret};
use crate::db::Target;
use crate::db::embedded::{self, Embedded, Options};
use crate::db::migrations::{self, Extent};
use crate::error::Error;

/// A database that can be reached.
pub struct OpenDatabase {
    /// Its address.
    pub target: Target,
    /// The private PostgreSQL, if this process has to stop it.
    pub private: Option<Embedded>,
    direct: Option<Target>,
    secret: Option<Secret>,
}

impl OpenDatabase {
    /// The target that avoids a pooler, or the only one.
    pub fn direct(&self) -> &Target {
        self.direct.as_ref().unwrap_or(&self.target)
    }

    /// The deployment's secret. A command that runs beside a server makes none, because both could make one at the
    /// same time.
    pub fn secret(&self) -> Result<&Secret, StartError> {
        let unknown = "the data directory holds no secret: set PORTCULLIS_SECRET to that of the server that runs there";
        self.secret.as_ref().ok_or_else(|| unknown.into())
    }

    /// Stops what was started for it.
    pub async fn close(self) -> Result<(), StartError> {
        match self.private {
            Some(private) => Ok(private.stop().await?),
            None => Ok(()),
        }
    }
}

/// Opens the database for a server. A private PostgreSQL is used by this server alone. `starting` gets its directory
/// before it is started.
pub(crate) async fn open_to_serve(config: &Config, starting: impl Fn(&Path)) -> Result<OpenDatabase, StartError> {
    match &config.database {
        DatabaseChoice::External { target, direct, secret } => external(config, target, direct.clone(), secret).await,
        DatabaseChoice::Private { data_dir, secret } => {
            starting(data_dir);
            start(config, data_dir, secret.clone()).await
        }
    }
}

/// Opens the database for a command, which may run beside a server. It uses the private PostgreSQL of that server and
/// leaves it running, or starts one if no server runs. Call [`OpenDatabase::close`] when it is done.
pub async fn open_for_command(config: &Config, starting: impl Fn(&Path)) -> Result<OpenDatabase, StartError> {
    if let DatabaseChoice::Private { data_dir, secret } = &config.database
        && let Some(url) = embedded::url_of_running(data_dir)?
    {
        tracing::info!("using the private PostgreSQL of the server that runs");
        let secret = match secret {
            Some(secret) => Some(secret.clone()),
            None => Secret::load(data_dir)?,
        };
        return Ok(OpenDatabase { target: url.parse()?, private: None, direct: None, secret });
    }
    open_to_serve(config, starting).await
}

async fn external(
    config: &Config,
    target: &Target,
    direct: Option<Target>,
    secret: &Secret,
) -> Result<OpenDatabase, StartError> {
    let probed = target.clone().probed(config.database_timeout).await;
    let target = probed.map_err(|error| unreachable(target, &error))?;
    let direct = match direct {
        Some(direct) => {
            let probed = direct.clone().probed(config.database_timeout).await;
            let direct = probed.map_err(|error| unreachable(&direct, &error))?;
            if direct.is_pooled() {
                return Err("PORTCULLIS_DATABASE_DIRECT_URL leads through a pooler in transaction mode as well".into());
            }
            let (here, there) =
                tokio::join!(target.place(config.database_timeout), direct.place(config.database_timeout));
            let here = here.map_err(|error| unreachable(&target, &error))?;
            if here != there.map_err(|error| unreachable(&direct, &error))? {
                return Err(
                    "PORTCULLIS_DATABASE_DIRECT_URL leads to another database or schema than DATABASE_URL".into()
                );
            }
            Some(direct)
        }
        None => None,
    };
    match (target.is_pooled(), &direct) {
        (false, _) => tracing::debug!("DATABASE_URL leads to PostgreSQL itself: its sessions are ours"),
        (true, Some(_)) => {
            tracing::info!("DATABASE_URL is used as a pooler's: each use of the database is a transaction")
        }
        (true, None) => {
            tracing::info!(
                "DATABASE_URL leads through a pooler in transaction mode: each use of the database is a transaction"
            )
        }
    }
    Ok(OpenDatabase { target, private: None, direct, secret: Some(secret.clone()) })
}

async fn start(config: &Config, data_dir: &PathBuf, secret: Option<Secret>) -> Result<OpenDatabase, StartError> {
    // Beside the pool: migrations, the operator's own connections, PostgreSQL's reserve.
    let connections = (config.database_pool_size + 20).max(100).to_string();
    let settings = vec![("max_connections".to_owned(), connections)];
    let private = Embedded::start(Options { settings, ..Options::new(data_dir) }).await?;
    let secret = match secret {
        Some(secret) => secret,
        None => Secret::load_or_create(private.data_dir())?,
    };
    Ok(OpenDatabase { target: private.url().parse()?, private: Some(private), direct: None, secret: Some(secret) })
}

/// Migrates a database to this version, or fails if the settings do not permit that and it is needed. Returns the
/// migrations that have to wait until no instance of the previous release runs. A private database has none, because
/// only this process uses it.
///
/// # Errors
/// When it lacks what this version needs, or can't be used.
pub async fn prepare(config: &Config, target: &Target, private: bool) -> Result<Vec<String>, StartError> {
    if private || config.migrate {
        let extent = if private { Extent::All } else { Extent::Expanding };
        let migrated = migrations::run(target, extent, config.migration_locks)
            .await
            .map_err(|error| unreachable(target, &error))?;
        migrated.applied.iter().for_each(|name| tracing::info!(name, "applied migration"));
        return Ok(migrated.left);
    }
    let lacking = migrations::pending(target).await.map_err(|error| unreachable(target, &error))?;
    if lacking.needed.is_empty() {
        return Ok(lacking.contracting);
    }
    let names = lacking.needed.join(", ");
    Err(format!("the database lacks migrations: {names}; `portcullis migrate` applies them").into())
}

/// The message about a database that can't be used.
#[must_use]
pub fn unreachable(target: &Target, error: &Error) -> StartError {
    format!("the database at {} can't be used: {}", target.address(), StartError::of(error.clone())).into()
}
