use std::{path::Path, process::Command};

use rustix::process::kill_process;
use tokio::time::sleep;
use tracing::warn;

use crate::clock::Stopwatch;

use super::{
    EmbeddedError,
    pidfile::{PidFile, is_postmaster},
    postmaster::{ESCALATION, POLL},
    user::RunUser,
};

/// Stops the PostgreSQL of a server that was killed. It is not adopted, because our own child has the settings and
/// the installation of this program, its end is noticed, and its last messages are in the log. Stopping costs 100 ms.
/// Call this under the lock, or it stops a server that is in use.
pub(super) async fn stop(cluster: &Path, user: &RunUser) -> Result<(), EmbeddedError> {
    let Some(PidFile { pid, .. }) = PidFile::read(cluster) else { return Ok(()) };
    if !is_postmaster(pid, cluster, user.uid) {
        return Ok(());
    }
    warn!(pid = pid.as_raw_nonzero().get(), "stopping the PostgreSQL of an earlier run");
    for (signal, limit) in ESCALATION {
        // It may have ended in the meantime.
        _ = kill_process(pid, signal);
        let start = Stopwatch::start();
        while start.elapsed() < limit {
            if !is_postmaster(pid, cluster, user.uid) {
                return Ok(());
            }
            sleep(POLL).await;
        }
    }
    Err(EmbeddedError::Leftover { pid: pid.as_raw_nonzero().get(), cluster: cluster.to_path_buf() })
}

/// Prepares a command that runs PostgreSQL on `cluster`, where `postmaster.pid` may name a process that is not
/// PostgreSQL. PostgreSQL takes any living process of that number for its predecessor, except the one that this
/// variable names. The file is not removed, because it also protects against orphaned backends.
pub(super) fn disregard_stale(command: &mut Command, cluster: &Path, user: &RunUser) {
    if let Some(PidFile { pid, .. }) = PidFile::read(cluster)
        && !is_postmaster(pid, cluster, user.uid)
    {
        command.env("PG_GRANDPARENT_PID", pid.to_string());
    }
}
