//! Lines of the log on their way to standard error. A thread of its own writes them, many at once, so that a request
//! does not wait for whoever reads them.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use super::output::Output;

/// How many bytes wait to be written at most.
const MOST: usize = 1024 * 1024;

/// So many bytes are written at once.
const BATCH: usize = 64 * 1024;

/// A line waits this long for others that are written with it.
const GATHER_TIME: Duration = Duration::from_millis(20);

/// Who has a line for a full queue waits this long for room. It may be a thread that serves others as well.
const FULL_TIMEOUT: Duration = Duration::from_millis(100);

/// Who flushes waits this long for the next write.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// The queue before standard error. When it is full, whoever has a line waits until there is room. When there is none
/// for a tenth of a second, that line is lost, and so are those that come after it until there is room again.
pub(super) struct Queue {
    state: Mutex<State>,
    /// There is something to write.
    filled: Condvar,
    /// Something was written.
    emptied: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// How often bytes were put into the empty queue, and how often all that waited was written.
    turn: u64,
    done: u64,
    /// How often the thread tried to write.
    writes: u64,
    /// Somebody waits until all is written.
    urgent: bool,
    /// There was no room for too long.
    stuck: bool,
    /// Lines that were not written and of which the log does not say so yet.
    lost: u64,
    writer: Option<ThreadId>,
}

impl Queue {
    /// Starts the thread, which ends with the process.
    pub(super) fn start() -> io::Result<Arc<Self>> {
        let queue = Arc::new(Self { state: Mutex::default(), filled: Condvar::new(), emptied: Condvar::new() });
        let writing = queue.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || writing.write_forever())?;
        Ok(queue)
    }

    /// Takes one line.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        if state.stuck || state.waiting.len() + line.len() > MOST {
            match self.room(state, line.len()) {
                Some(room) => state = room,
                None => return,
            }
        }
        let before = state.waiting.len();
        if before == 0 {
            state.turn += 1;
        }
        state.waiting.extend_from_slice(line);
        // Waking a thread costs more than all of this, so it is done as seldom as it can be.
        if before == 0 || (before < BATCH && state.waiting.len() >= BATCH) {
            drop(state);
            self.filled.notify_one();
        }
    }

    /// Waits until there is room, or counts the line as lost. The thread that writes never waits, or nobody would make any.
    fn room<'a>(&'a self, state: MutexGuard<'a, State>, more: usize) -> Option<MutexGuard<'a, State>> {
        if state.writer == Some(thread::current().id()) {
            return Some(state);
        }
        let is_full =
            |state: &mut State| !state.stuck && !state.waiting.is_empty() && state.waiting.len() + more > MOST;
        let waited = self.emptied.wait_timeout_while(state, FULL_TIMEOUT, is_full);
        let (mut state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            state.stuck = true;
            self.emptied.notify_all();
        }
        if state.stuck {
            state.lost += 1;
            return None;
        }
        Some(state)
    }

    /// Returns when all lines that were pushed before are written, or when nothing could be written for a second.
    pub(super) fn flush(&self) {
        let mut state = self.lock();
        let until = state.turn;
        while state.done < until {
            let before = state.writes;
            state.urgent = true;
            self.filled.notify_one();
            let waited = self
                .emptied
                .wait_timeout_while(state, FLUSH_TIMEOUT, |state| state.writes == before && state.done < until);
            let (guard, waited) = waited.unwrap_or_else(PoisonError::into_inner);
            if waited.timed_out() {
                return;
            }
            state = guard;
        }
    }

    fn write_forever(&self) {
        self.lock().writer = Some(thread::current().id());
        let (mut batch, mut output) = (Vec::new(), Output::new(io::stderr()));
        loop {
            let turn = self.take(&mut batch);
            let mut parts = batch.chunks(BATCH).peekable();
            while let Some(part) = parts.next() {
                let lost = output.write(part);
                let mut state = self.lock();
                state.writes += 1;
                state.lost += lost;
                if parts.peek().is_none() {
                    state.done = turn;
                }
                drop(state);
                self.emptied.notify_all();
            }
            batch.clear();
            let mut state = self.lock();
            let lost = if output.works() { std::mem::take(&mut state.lost) } else { 0 };
            drop(state);
            if lost > 0 {
                tracing::error!(lost, "lines of the log could not be written");
            }
        }
    }

    /// Waits for lines and takes them. Says of which turn they are.
    fn take(&self, batch: &mut Vec<u8>) -> u64 {
        let state = self.filled.wait_while(self.lock(), |state| state.waiting.is_empty());
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let gathers = |state: &mut State| !state.urgent && state.waiting.len() < BATCH;
        let (mut state, _) =
            self.filled.wait_timeout_while(state, GATHER_TIME, gathers).unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut state.waiting, batch);
        state.stuck = false;
        state.urgent = false;
        let turn = state.turn;
        drop(state);
        // There is room, although the lines are not written yet.
        self.emptied.notify_all();
        turn
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for &Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
