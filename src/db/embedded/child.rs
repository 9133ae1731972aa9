//! The programs that we start.

use std::{ffi::OsStr, path::Path, process::Command, process::Stdio};

/// What a program finds of our environment: where programs and libraries are, where temporary files go, and what gives a name to
/// a user of a container that has none (nss_wrapper). Everything else stays here: our environment holds the deployment's
/// secret and the credentials of whatever else runs in it, and `/proc` shows a process's environment to its user.
const HANDED_ON: [&str; 6] =
    ["PATH", "TMPDIR", "LD_LIBRARY_PATH", "LD_PRELOAD", "NSS_WRAPPER_PASSWD", "NSS_WRAPPER_GROUP"];

/// A program that works in `dir`, reads nothing, and speaks English, which is what we look for in what it says. The one place
/// where a program is made ready; `tests/it/embedded_environment.rs` holds that.
pub(super) fn command(program: impl AsRef<OsStr>, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").current_dir(dir).stdin(Stdio::null());
    for name in HANDED_ON {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}
