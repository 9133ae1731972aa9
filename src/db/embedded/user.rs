use std::{
    ffi::OsStr,
    fs, io,
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    EmbeddedError, child,
    user_name::{my_name, name_of},
};

/// The user that runs PostgreSQL: our own, or another one if we are root, which PostgreSQL refuses.
pub(super) struct RunUser {
    pub uid: u32,
    other: Option<Other>,
}

struct Other {
    gid: u32,
    name: String,
}

impl RunUser {
    /// As root it is the owner of the cluster if there is one, so that a user `postgres` that is added later changes
    /// nothing. Otherwise it is `postgres`, or else `nobody`.
    pub(super) fn choose(cluster: &Path) -> Result<Self, EmbeddedError> {
        let me = rustix::process::geteuid();
        if !me.is_root() {
            return Ok(Self { uid: me.as_raw(), other: None });
        }
        if let Ok(found) = fs::metadata(cluster)
            && found.uid() != 0
        {
            let other = Other { gid: found.gid(), name: name_of(found.uid()) };
            return Ok(Self { uid: found.uid(), other: Some(other) });
        }
        let user = ["postgres", "nobody"].iter().find_map(uzers::get_user_by_name).ok_or(EmbeddedError::NoUser)?;
        let other = Other { gid: user.primary_group_id(), name: user.name().to_string_lossy().into_owned() };
        Ok(Self { uid: user.uid(), other: Some(other) })
    }

    /// Whether it is another user.
    pub(super) fn is_other(&self) -> bool {
        self.other.is_some()
    }

    pub(super) fn name(&self) -> String {
        self.other.as_ref().map_or_else(my_name, |other| other.name.clone())
    }

    /// A command of this user, in `dir`.
    pub(super) fn command(&self, program: impl AsRef<OsStr>, dir: &Path) -> Command {
        let mut command = child::command(program, dir);
        if let Some(other) = &self.other {
            // Drops root's supplementary groups as well.
            command.uid(self.uid).gid(other.gid);
        }
        command
    }

    /// Makes this user the owner of `path`.
    pub(super) fn own(&self, path: &Path) -> Result<(), EmbeddedError> {
        match &self.other {
            Some(other) => {
                chown(path, Some(self.uid), Some(other.gid)).map_err(EmbeddedError::file("change the owner of", path))
            }
            None => Ok(()),
        }
    }

    /// Returns the first existing directory on the path to `dir` that this user can't enter.
    pub(super) fn check_can_reach(&self, dir: &Path) -> Result<(), EmbeddedError> {
        let Some(other) = &self.other else { return Ok(()) };
        let mut way: Vec<PathBuf> = dir.ancestors().filter_map(|path| path.canonicalize().ok()).collect();
        way.extend(
            way.first().into_iter().flat_map(|path| path.ancestors()).map(Path::to_path_buf).collect::<Vec<_>>(),
        );
        way.sort();
        match way.into_iter().find(|path| self.is_shut_out(other, path)) {
            Some(blocked) => Err(EmbeddedError::Unreachable { user: other.name.clone(), blocked }),
            None => Ok(()),
        }
    }

    /// The mode bits are checked first. If they deny access, it is tried out, because an access control list may
    /// permit it.
    fn is_shut_out(&self, other: &Other, dir: &Path) -> bool {
        let Ok(found) = fs::metadata(dir) else { return true };
        let bit = match () {
            () if found.uid() == self.uid => 0o100,
            () if found.gid() == other.gid => 0o010,
            () => 0o001,
        };
        if found.mode() & bit != 0 {
            return false;
        }
        let tried = self.command("/bin/sh", dir).args(["-c", ":"]).status();
        tried.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    }
}
