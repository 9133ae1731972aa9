//! The queue before the hashing threads.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Jobs in the order in which they came. Many threads may wait for one, each with a timeout of its own.
pub(super) struct Jobs<J> {
    state: Mutex<State<J>>,
    changed: Condvar,
}

struct State<J> {
    jobs: VecDeque<J>,
    closed: bool,
}

/// What there is to do.
#[derive(Debug, PartialEq)]
pub(super) enum Next<J> {
    Job(J),
    /// There has been nothing for as long as was asked.
    Idle,
    /// There will be nothing any more.
    End,
}

impl<J> Jobs<J> {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(State { jobs: VecDeque::new(), closed: false }), changed: Condvar::new() }
    }

    pub(super) fn push(&self, job: J) {
        self.lock().jobs.push_back(job);
        self.changed.notify_one();
    }

    /// Ends who waits, once the jobs that are here are done.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Waits for a job, at most for `idle` if there is such a time.
    pub(super) fn next(&self, idle: Option<Duration>) -> Next<J> {
        let nothing = |state: &mut State<J>| state.jobs.is_empty() && !state.closed;
        let mut state = match idle {
            Some(idle) => {
                let waited = self.changed.wait_timeout_while(self.lock(), idle, nothing);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.changed.wait_while(self.lock(), nothing).unwrap_or_else(PoisonError::into_inner),
        };
        match state.jobs.pop_front() {
            Some(job) => Next::Job(job),
            None if state.closed => Next::End,
            None => Next::Idle,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_come_in_their_order_and_what_is_here_is_done_before_the_end() {
        let jobs = Jobs::new();
        assert_eq!(jobs.next(Some(Duration::ZERO)), Next::Idle);
        (0..3).for_each(|job| jobs.push(job));
        jobs.close();
        let done: Vec<_> = (0..4).map(|_| jobs.next(None)).collect();
        assert_eq!(done, [Next::Job(0), Next::Job(1), Next::Job(2), Next::End]);
    }
}
