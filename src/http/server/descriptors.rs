//! Open files, of which each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// File descriptors for everything other than clients' connections and the database pool.
const RESERVE: usize = 128;

/// How many of the wanted connections there can be. The process's limit on open files is raised as far as the system
/// allows.
pub(crate) fn connections(wanted: usize, pool: usize) -> usize {
    let reserve = RESERVE + pool;
    let needed = u64::try_from(wanted + reserve).unwrap_or(u64::MAX);
    let limits = getrlimit(Resource::Nofile);
    let Some(soft) = limits.current.filter(|soft| *soft < needed) else { return wanted };
    let raised = limits.maximum.map_or(needed, |hard| hard.min(needed));
    let limit = match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), ..limits }) {
        Ok(()) => raised,
        Err(_) => soft,
    };
    let possible = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(reserve).clamp(1, wanted);
    if possible < wanted {
        tracing::warn!(
            wanted,
            possible,
            limit,
            "the limit on open files allows fewer connections than PORTCULLIS_MAX_CONNECTIONS"
        );
    }
    possible
}
