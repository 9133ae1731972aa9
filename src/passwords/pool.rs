//! The hashing threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::argon::Argon;
use super::jobs::{Jobs, Next};
use crate::clock::Stopwatch;
use crate::config::Argon2Cost;
use crate::error::{Error, OrInternal};
use crate::metrics::Durations;

/// Work for a hashing thread.
pub(super) type Job = Box<dyn FnOnce(&mut Argon) + Send>;

/// Added to the nice value of the threads, so that under load the rest of the server goes first. They still use idle
/// processors.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// A thread that has had nothing to do for so long gives its memory back. Its next job then takes some milliseconds longer.
const IDLE: Duration = Duration::from_secs(10);

/// A fixed number of threads behind a queue. The callers bound the queue. The threads end when this is dropped.
pub(super) struct Pool {
    jobs: Arc<Jobs<(Stopwatch, Job)>>,
    state: Arc<State>,
    threads: usize,
}

#[derive(Default)]
struct State {
    waiting: AtomicUsize,
    /// The moving average of the time of a job.
    micros: AtomicU64,
    /// Where it is kept how long jobs waited.
    waits: OnceLock<Durations>,
}

impl Pool {
    pub(super) fn start(cost: Argon2Cost, threads: usize) -> Result<Self, Error> {
        let jobs = Arc::new(Jobs::new());
        let state = Arc::new(State::default());
        // What was started so far ends with it if one can't be started.
        let pool = Self { jobs: jobs.clone(), state: state.clone(), threads };
        for number in 0..threads {
            let (argon, jobs, state) = (Argon::new(cost)?, jobs.clone(), state.clone());
            std::thread::Builder::new()
                .name(format!("hashing-{number}"))
                .spawn(move || {
                    if let Err(error) = let_others_go_first()
                        && number == 0
                    {
                        tracing::warn!(%error, "hashing threads keep their priority: many logins slow the rest down");
                    }
                    work(argon, cost, &jobs, &state);
                })
                .or_internal()?;
        }
        Ok(pool)
    }

    /// Queues a job.
    pub(super) fn submit(&self, job: Job) {
        self.state.waiting.fetch_add(1, Ordering::Relaxed);
        self.jobs.push((Stopwatch::start(), job));
    }

    /// From now on it is kept here how long jobs waited.
    pub(super) fn measure(&self, waits: Durations) {
        let _ = self.state.waits.set(waits);
    }

    /// How many jobs wait.
    pub(super) fn waiting(&self) -> usize {
        self.state.waiting.load(Ordering::Relaxed)
    }

    /// How long the waiting jobs will take.
    pub(super) fn time_to_empty(&self) -> Duration {
        let waiting = self.state.waiting.load(Ordering::Relaxed) as u64;
        Duration::from_micros(waiting * self.state.micros.load(Ordering::Relaxed) / self.threads as u64)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.jobs.close();
    }
}

/// On Linux a nice value is a thread's own.
fn let_others_go_first() -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        let current = rustix::process::getpriority_process(None)?;
        rustix::process::setpriority_process(None, (current + NICENESS).min(19))?;
    }
    Ok(())
}

fn work(mut argon: Argon, cost: Argon2Cost, jobs: &Jobs<(Stopwatch, Job)>, state: &State) {
    loop {
        let (queued, job) = match jobs.next(argon.has_memory().then_some(IDLE)) {
            Next::Job(job) => job,
            Next::Idle => {
                argon.give_back();
                continue;
            }
            Next::End => return,
        };
        state.waiting.fetch_sub(1, Ordering::Relaxed);
        if let Some(waits) = state.waits.get() {
            waits.record(queued.elapsed());
        }
        let watch = Stopwatch::start();
        // The caller gets no answer, and the thread continues with new memory.
        if catch_unwind(AssertUnwindSafe(|| job(&mut argon))).is_err()
            && let Ok(fresh) = Argon::new(cost)
        {
            argon = fresh;
        }
        let took = u64::try_from(watch.elapsed().as_micros()).unwrap_or(u64::MAX);
        let before = state.micros.load(Ordering::Relaxed);
        let average = if before == 0 { took } else { before - before / 8 + took / 8 };
        state.micros.store(average, Ordering::Relaxed);
    }
}
