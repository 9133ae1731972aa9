//! The private PostgreSQL: found (or fetched), created and run as a child, so that nothing has to be set up.
//!
//! All of it lives in one data directory:
//!
//! | path | what |
//! | --- | --- |
//! | `postgres/` | the cluster, mode 0700, owned by the user that runs it |
//! | `postgres-password` | password of the role `portcullis`, mode 0600 |
//! | `postgres-hba.conf` | who may connect, mode 0600 |
//! | `run/` | the Unix socket |
//! | `postgres.log` | what PostgreSQL says |
//! | `lock` | held as long as a server uses the directory; the kernel frees it, even after `kill -9` |
//! | `postgresql-<version>/` | PostgreSQL itself, where it had to be fetched |

mod access;
mod attach;
mod child;
mod choice;
mod cluster;
mod error;
mod fetch;
mod installation;
mod layout;
mod leftover;
mod listen;
mod password;
mod pidfile;
mod postmaster;
mod role;
mod spawn;
mod startup;
mod user;
mod user_name;

use std::path::{Path, PathBuf};

use tracing::info;

pub use attach::url_of_running;
pub use error::EmbeddedError;
use installation::Installation;
pub use layout::default_data_dir;

use self::{layout::Layout, postmaster::Postmaster, user::RunUser};

/// How to run the private PostgreSQL.
#[derive(Clone, Debug)]
pub struct Options {
    /// Made if missing. Everything the database needs is kept in it.
    pub data_dir: PathBuf,
    /// The only directories in which `initdb` and `postgres` are looked for. `None` for the usual places.
    pub bin_dirs: Option<Vec<PathBuf>>,
    /// Whether PostgreSQL may be fetched from the network when none is found.
    pub download: bool,
    /// Settings of PostgreSQL as `name`, `value`. They win over ours.
    pub settings: Vec<(String, String)>,
}

impl Options {
    /// Options for this data directory, with the usual places, the network as the last resort, and no extra settings.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), bin_dirs: None, download: true, settings: Vec::new() }
    }
}

/// A running private PostgreSQL. If it is dropped without [`Embedded::stop`], it is shut down all the same, and the
/// drop blocks until then (some 50 ms, or at most 12 s if PostgreSQL must be killed).
pub struct Embedded {
    // Fields are dropped in this order. The lock comes last, when nothing runs any more.
    postmaster: Postmaster,
    url: String,
    data_dir: PathBuf,
    _lock: layout::Lock,
}

impl Embedded {
    /// Starts PostgreSQL on `options.data_dir` and returns when it accepts connections. The first start
    /// creates the cluster, the role and the database. Safe to cancel: a dropped future leaves nothing running.
    pub async fn start(options: Options) -> Result<Self, EmbeddedError> {
        let layout = Layout::new(&options.data_dir)?;
        let user = RunUser::choose(&layout.cluster)?;
        user.check_can_reach(&layout.data_dir)?;
        layout.prepare(&user)?;
        layout.check_cluster(&user)?;
        let lock = layout.lock().await?;

        let installation = choice::choose(&layout, &options).await?;
        info!(bin_dir = %installation.bin_dir.display(), major = installation.major, "private PostgreSQL");
        leftover::stop(&layout.cluster, &user).await?;
        let password = cluster::ensure(&layout, &installation, &user, &options).await?;
        access::ensure(&layout, &user)?;
        let (postmaster, endpoint) = startup::start(&layout, &installation, &user, &options).await?;
        let url = endpoint.url(&password);
        role::ensure(&url).await?;
        Ok(Self { postmaster, url, data_dir: layout.data_dir, _lock: lock })
    }

    /// The `postgres://` URL of the database `portcullis`. It has the password, so never log it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The data directory.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Resolves when PostgreSQL has ended by itself, because it crashed, was killed or was stopped by hand. The
    /// server should then end and be started again.
    pub async fn exited(&mut self) {
        self.postmaster.exited().await;
    }

    /// Shuts PostgreSQL down: open transactions are rolled back, and connections closed. After 15 s it is made to
    /// quit at once, which costs a recovery at the next start but no data.
    pub async fn stop(mut self) -> Result<(), EmbeddedError> {
        self.postmaster.stop().await
    }
}

/// Leaves out the URL, which has the password.
impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").field("data_dir", &self.data_dir).finish_non_exhaustive()
    }
}
