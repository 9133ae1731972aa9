//! How long processes have run.

use std::fs;
use std::time::Duration;

use super::Outcome;

/// The time that all threads of this process have run, by the kernel's own count in nanoseconds (`schedstat`). Threads that have ended are
/// left out.
pub(crate) fn of(process: u32) -> Outcome<Duration> {
    let mut sum = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        sum += of_thread(&thread?.path().to_string_lossy())?;
    }
    Ok(sum)
}

/// The time that these threads of this process have run.
pub(crate) fn of_threads(threads: &[i32]) -> Outcome<Duration> {
    threads.iter().map(|thread| of_thread(&format!("/proc/self/task/{thread}"))).sum()
}

/// The time that this process and its children have run. A child that ends meanwhile is left out.
pub(crate) fn of_family(process: u32) -> Outcome<Duration> {
    let children: Duration = children(process)?.into_iter().filter_map(|child| of(child).ok()).sum();
    Ok(of(process)? + children)
}

/// The processes that this one started.
pub(crate) fn children(process: u32) -> Outcome<Vec<u32>> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Ok(child) = entry?.file_name().to_string_lossy().parse() else { continue };
        if parent(child).is_ok_and(|parent| parent == process) {
            children.push(child);
        }
    }
    Ok(children)
}

/// The process that started this one.
pub(crate) fn parent(process: u32) -> Outcome<u32> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name of the program stands in parentheses, and may have anything in it.
    let (_, after) = text.rsplit_once(')').ok_or("no name")?;
    Ok(after.split_whitespace().nth(1).ok_or("no parent")?.parse()?)
}

fn of_thread(directory: &str) -> Outcome<Duration> {
    let text = fs::read_to_string(format!("{directory}/schedstat"))?;
    Ok(Duration::from_nanos(text.split_whitespace().next().ok_or("no time")?.parse()?))
}
