//! Which processors a process may use.

use std::fs;

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::{Outcome, processor_time};

/// Some of the machine's processors.
#[derive(Clone)]
pub(crate) struct Processors {
    numbers: Vec<usize>,
    set: CpuSet,
}

impl Processors {
    /// Those that this process may use, in two halves. With one alone both halves are that one.
    pub(crate) fn halves() -> Outcome<(Self, Self)> {
        let all = sched_getaffinity(None)?;
        let numbers: Vec<_> = (0..CpuSet::MAX_CPU).filter(|number| all.is_set(*number)).collect();
        let (first, second) = numbers.split_at(numbers.len() / 2);
        Ok((Self::of(if first.is_empty() { second } else { first }), Self::of(second)))
    }

    fn of(numbers: &[usize]) -> Self {
        let mut set = CpuSet::new();
        numbers.iter().for_each(|number| set.set(*number));
        Self { numbers: numbers.to_vec(), set }
    }

    pub(crate) fn numbers(&self) -> &[usize] {
        &self.numbers
    }

    /// From now on the calling thread runs on them, and so does what it starts.
    pub(crate) fn hold(&self) -> Outcome {
        Ok(sched_setaffinity(None, &self.set)?)
    }

    /// Starts something that is to run on them alone.
    pub(crate) fn start<T>(&self, start: impl FnOnce() -> T) -> Outcome<T> {
        let before = sched_getaffinity(None)?;
        self.hold()?;
        let started = start();
        sched_setaffinity(None, &before)?;
        Ok(started)
    }

    /// Moves a running process and its children to them, and with it the children that it will have.
    pub(crate) fn take(&self, process: u32) -> Outcome {
        for process in [vec![process], processor_time::children(process)?].concat() {
            for thread in fs::read_dir(format!("/proc/{process}/task"))? {
                let thread = thread?.file_name().to_string_lossy().parse()?;
                sched_setaffinity(Pid::from_raw(thread), &self.set)?;
            }
        }
        Ok(())
    }
}
