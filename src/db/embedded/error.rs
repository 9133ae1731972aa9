use std::{
    io,
    path::{Path, PathBuf},
    process::ExitStatus,
};

use crate::db::causes::describe;

/// Why the private PostgreSQL can't be had. Each message tells the operator what to do.
#[expect(missing_docs, reason = "each message says what it is")]
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error(
        "no PostgreSQL {oldest} or newer was found on this machine, and none could be fetched ({fetch}). Install it:\n  \
         Debian, Ubuntu:  apt-get install postgresql\n  \
         Fedora:          dnf install postgresql-server\n  \
         macOS:           brew install postgresql@17\n\
         or use a database of your own: DATABASE_URL=postgres://user:password@host/database"
    )]
    NotInstalled { oldest: u32, fetch: String },

    #[error(
        "no PostgreSQL {oldest} or newer in {}: name a directory that holds both initdb and postgres \
         in `Options::bin_dirs`, or leave it unset to look in the usual places",
        list(dirs)
    )]
    NotInDirectory { oldest: u32, dirs: Vec<PathBuf> },

    #[error(
        "the data in {} was written by PostgreSQL {wanted}, and only PostgreSQL {found} was found: install \
         PostgreSQL {wanted} beside it, or move the data with pg_dump and psql ({fetch})",
        cluster.display()
    )]
    WrongVersion { cluster: PathBuf, wanted: u32, found: String, fetch: String },

    #[error(
        "another server{owner} uses {}: stop it, or give this one another directory with PORTCULLIS_DATA_DIR",
        data_dir.display()
    )]
    InUse { data_dir: PathBuf, owner: String },

    #[error(
        "PostgreSQL refuses to run as root and is run as user {user}, who can't enter {}: choose another place \
         with PORTCULLIS_DATA_DIR (as root, /var/lib/portcullis works), or let others pass: chmod o+x {}",
        blocked.display(),
        blocked.display()
    )]
    Unreachable { user: String, blocked: PathBuf },

    #[error(
        "{} belongs to user {owner}, and this server runs as user {me}: run it as {owner}, \
         or choose another directory with PORTCULLIS_DATA_DIR",
        path.display()
    )]
    ForeignOwner { path: PathBuf, owner: String, me: String },

    #[error(
        "{} belongs to user {owner}, and PostgreSQL, which this server runs as user {user}, wants its data to be that user's: \
         give it back (chown -R {user} {}), or choose another directory with PORTCULLIS_DATA_DIR",
        path.display(),
        cluster.display()
    )]
    ForeignCluster { path: PathBuf, cluster: PathBuf, owner: String, user: String },

    #[error(
        "users other than root may write to {}: take that right away (chmod go-w), or choose another directory \
         with PORTCULLIS_DATA_DIR",
        path.display()
    )]
    WritableByOthers { path: PathBuf },

    #[error("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody to run it as: add one")]
    NoUser,

    #[error("there is no home directory to keep the database in: name a directory in PORTCULLIS_DATA_DIR")]
    NoHome,

    #[error("can't {doing} {}: {source}. See that user {me} may do so, or choose another directory with PORTCULLIS_DATA_DIR",
        path.display())]
    File { doing: &'static str, path: PathBuf, me: String, source: io::Error },

    #[error("can't run {}: {source}. Is PostgreSQL installed completely, and may user {user} run it?", program.display())]
    Run { program: PathBuf, user: String, source: io::Error },

    #[error("{program} failed ({status}). It said:\n{output}")]
    Setup { program: &'static str, status: ExitStatus, output: String },

    #[error("PostgreSQL ended while starting ({status}). The end of {}:\n{tail}", log.display())]
    Exited { status: ExitStatus, log: PathBuf, tail: String },

    #[error("PostgreSQL did not become ready within {seconds} s and was stopped. The end of {}:\n{tail}", log.display())]
    NotReady { seconds: u64, log: PathBuf, tail: String },

    #[error("{program} did not finish within {seconds} s: is the disk very slow, or full?")]
    TooSlow { program: &'static str, seconds: u64 },

    #[error("a PostgreSQL of an earlier run (process {pid}) still uses {} and can't be stopped: end it by hand", cluster.display())]
    Leftover { pid: i32, cluster: PathBuf },

    #[error("the server's role in the private PostgreSQL can't be made a plain one: {}", describe(.0))]
    Role(#[source] tokio_postgres::Error),

    #[error("the operating system gives no random numbers for the database password: {0}")]
    Random(#[source] aws_lc_rs::error::Unspecified),
}

impl EmbeddedError {
    /// For `map_err` on file operations.
    pub(super) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { doing, path, me: super::user_name::my_name(), source }
    }
}

fn list(dirs: &[PathBuf]) -> String {
    dirs.iter().map(|dir| dir.display().to_string()).collect::<Vec<_>>().join(", ")
}
