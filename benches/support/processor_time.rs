//! How long a process has run.

use std::fs;
use std::time::Duration;

use super::Outcome;

/// The time that all threads of this process have run, by the kernel's own count in nanoseconds (`schedstat`). Threads that have ended are
/// left out.
pub(crate) fn of(process: u32) -> Outcome<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanos += text.split_whitespace().next().ok_or("no time")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}
