//! The programs that we start.

use std::{ffi::OsStr, path::Path, process::Command, process::Stdio};

/// The variables of our environment that a program gets: where programs and libraries are, where temporary files go,
/// and what gives a name to a user of a container that has none (nss_wrapper). It gets nothing else, because our
/// environment has the deployment's secret and other credentials, and `/proc` shows the environment of a process to
/// its user.
const HANDED_ON: [&str; 6] =
    ["PATH", "TMPDIR", "LD_LIBRARY_PATH", "LD_PRELOAD", "NSS_WRAPPER_PASSWD", "NSS_WRAPPER_GROUP"];

/// A program that works in `dir`, reads nothing from standard input, and prints English, because we search its output
/// for English words. This is the only place that prepares a program, which `tests/it/embedded_environment.rs`
/// checks.
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
