use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::sleep;

use crate::clock::Stopwatch;

use super::{
    EmbeddedError,
    postmaster::POLL,
    user::RunUser,
    user_name::{my_name, name_of},
};

/// A start empties the log if it is larger than this, in bytes.
const LOG_LIMIT: u64 = 10_000_000;

/// How long to wait for the lock. If a server is killed while it starts a child, the child holds the lock until its
/// exec, for some milliseconds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// The paths in the data directory. All are absolute.
pub(super) struct Layout {
    pub data_dir: PathBuf,
    pub cluster: PathBuf,
    pub password: PathBuf,
    pub access: PathBuf,
    pub run: PathBuf,
    pub log: PathBuf,
}

/// Keeps a second server from using the data directory. Children do not inherit it.
pub(super) struct Lock(#[expect(dead_code, reason = "held, not read")] File);

impl Layout {
    pub(super) fn new(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let data_dir = std::path::absolute(data_dir).map_err(EmbeddedError::file("find", data_dir))?;
        Ok(Self {
            cluster: data_dir.join("postgres"),
            password: data_dir.join("postgres-password"),
            access: data_dir.join("postgres-hba.conf"),
            run: data_dir.join("run"),
            log: data_dir.join("postgres.log"),
            data_dir,
        })
    }

    /// Creates the directories that are missing. The data directory must be ours: if somebody else could write to it,
    /// a symbolic link could make root change any file of the machine.
    pub(super) fn prepare(&self, user: &RunUser) -> Result<(), EmbeddedError> {
        let mode = if user.is_other() { 0o711 } else { 0o700 };
        // Parents get the usual mode, so that a first start does not hide ~/.local from other programs.
        if let Some(parent) = self.data_dir.parent() {
            fs::create_dir_all(parent).map_err(EmbeddedError::file("create directory", parent))?;
        }
        make_dir(&self.data_dir, mode)?;
        self.check_is_ours(user)?;
        if make_dir(&self.run, 0o700)? {
            user.own(&self.run)?;
        }
        Ok(())
    }

    /// Checks that nobody else owns the data directory or may write to it.
    pub(super) fn check_is_ours(&self, user: &RunUser) -> Result<(), EmbeddedError> {
        let found = fs::metadata(&self.data_dir).map_err(EmbeddedError::file("read", &self.data_dir))?;
        let foreign = |path: &Path, uid: u32| {
            Err(EmbeddedError::ForeignOwner { path: path.to_path_buf(), owner: name_of(uid), me: my_name() })
        };
        let me = rustix::process::geteuid();
        if found.uid() != me.as_raw() {
            return foreign(&self.data_dir, found.uid());
        }
        // Root may read the files of others.
        for path in [&self.password, &self.log, &self.data_dir.join("lock"), &self.data_dir.join("secret")] {
            match fs::metadata(path) {
                Ok(found) if found.uid() != me.as_raw() && !me.is_root() => return foreign(path, found.uid()),
                _ => {}
            }
        }
        if user.is_other() && found.mode() & 0o022 != 0 {
            return Err(EmbeddedError::WritableByOthers { path: self.data_dir.clone() });
        }
        Ok(())
    }

    /// Checks that the data of PostgreSQL, if there is any, belongs to its user, because PostgreSQL refuses data of
    /// others.
    pub(super) fn check_cluster(&self, user: &RunUser) -> Result<(), EmbeddedError> {
        for path in [self.cluster.clone(), self.cluster.join("PG_VERSION")] {
            if let Ok(found) = fs::metadata(&path)
                && found.uid() != user.uid
            {
                let (owner, user, cluster) = (name_of(found.uid()), user.name(), self.cluster.clone());
                return Err(EmbeddedError::ForeignCluster { path, cluster, owner, user });
            }
        }
        Ok(())
    }

    /// Whether a server uses the directory now.
    pub(super) fn is_locked(&self) -> Result<bool, EmbeddedError> {
        let path = self.data_dir.join("lock");
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(EmbeddedError::file("open", &path)(error)),
        };
        // It is released at once. A server that starts at this moment waits for it.
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(source)) => Err(EmbeddedError::file("lock", &path)(source)),
        }
    }

    pub(super) async fn lock(&self) -> Result<Lock, EmbeddedError> {
        let path = self.data_dir.join("lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(&path).map_err(EmbeddedError::file("open", &path))?;
        let begin = Stopwatch::start();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(EmbeddedError::file("lock", &path)(source)),
                Err(TryLockError::WouldBlock) if begin.elapsed() < LOCK_TIMEOUT => sleep(POLL).await,
                Err(TryLockError::WouldBlock) => {
                    let mut owner = String::new();
                    // The number is optional. Without it the message is still true.
                    _ = file.read_to_string(&mut owner);
                    let owner = owner.trim().parse::<u32>().map_or(String::new(), |pid| format!(" (process {pid})"));
                    return Err(EmbeddedError::InUse { data_dir: self.data_dir.clone(), owner });
                }
            }
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(EmbeddedError::file("write", &path))?;
        Ok(Lock(file))
    }

    /// The log, opened for appending.
    pub(super) fn open_log(&self) -> Result<File, EmbeddedError> {
        let open = || -> io::Result<File> {
            let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.log)?;
            if file.metadata()?.len() > LOG_LIMIT {
                file.set_len(0)?;
            }
            Ok(file)
        };
        open().map_err(EmbeddedError::file("open", &self.log))
    }
}

/// Returns whether it was created.
pub(super) fn make_dir(path: &Path, mode: u32) -> Result<bool, EmbeddedError> {
    match DirBuilder::new().mode(mode).create(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(false),
        Err(error) => Err(EmbeddedError::file("create directory", path)(error)),
    }
}

/// `/var/lib/portcullis` for root; `portcullis` in the user's data directory (XDG Base Directory
/// Specification; `~/Library/Application Support` on macOS) for everybody else.
pub fn default_data_dir() -> Result<PathBuf, EmbeddedError> {
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/portcullis"));
    }
    // The specification says that a relative path is to be ignored.
    let xdg = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let in_home = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/share" };
    let home = || std::env::home_dir().filter(|dir| dir.is_absolute()).map(|dir| dir.join(in_home));
    let data = if cfg!(target_os = "macos") { home() } else { xdg.or_else(home) };
    data.map(|dir| dir.join("portcullis")).ok_or(EmbeddedError::NoHome)
}
