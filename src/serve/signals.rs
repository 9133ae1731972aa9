//! Which signals mean an end, and which mean nothing.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use portcullis::clock::Stopwatch;
use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};

/// Sent by people, terminals and supervisors. SIGXCPU tells that the processor's time is nearly used up.
const ENDING: [Signal; 5] = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::XCPU];

/// Each would end the process on the spot. Of the signals that do so, only those that stand for a fault of the program itself
/// (such as SIGABRT) and SIGKILL are left.
const IGNORED: [Signal; 7] =
    [Signal::USR1, Signal::USR2, Signal::ALARM, Signal::VTALARM, Signal::PROF, Signal::IO, Signal::XFSZ];

/// A terminal that is closed sends SIGHUP twice, and some supervisors send it beside SIGTERM: within this time it is one word.
const HANG_UP: Duration = Duration::from_secs(1);

/// The signals that mean an end.
pub(crate) struct Signals {
    listeners: Vec<(Signal, unix::Signal)>,
    last: Option<(Signal, Stopwatch)>,
}

impl Signals {
    /// Listens for those that mean an end.
    pub(crate) fn new() -> io::Result<Self> {
        // Told before there is a listener, which would make it untrue. SIGHUP is ignored by what nohup(1) starts, SIGQUIT by what
        // a script starts in the background.
        let stays_ignored = |ending: &Signal| [Signal::HUP, Signal::QUIT].contains(ending) && is_ignored(*ending);
        let ending: Vec<_> = ENDING.into_iter().chain(power_fails()).filter(|ending| !stays_ignored(ending)).collect();
        let listen = |ending: Signal| Ok((ending, signal(SignalKind::from_raw(ending.as_raw()))?));
        Ok(Self { listeners: ending.into_iter().map(listen).collect::<io::Result<_>>()?, last: None })
    }

    /// Returns when one comes.
    pub(crate) async fn next(&mut self) {
        loop {
            let came = poll_fn(|context| {
                let mut ready = self.listeners.iter_mut();
                ready
                    .find_map(|(signal, listener)| listener.poll_recv(context).is_ready().then_some(*signal))
                    .map_or(Poll::Pending, Poll::Ready)
            })
            .await;
            let is_same = |(last, since): &(Signal, Stopwatch)| {
                (*last == Signal::HUP || came == Signal::HUP) && since.elapsed() < HANG_UP
            };
            match self.last.take().filter(is_same) {
                // Of those that are one word the first one's time counts.
                Some((_, since)) => self.last = Some((came, since)),
                None => {
                    self.last = Some((came, Stopwatch::start()));
                    return;
                }
            }
        }
    }
}

/// From here on those that mean nothing do nothing, to the end of the process.
pub(crate) fn ignore_other_signals() {
    let named = IGNORED.into_iter().map(Signal::as_raw);
    for ignored in named.chain(real_time()) {
        // The C library keeps some of the real-time signals to itself, and refuses.
        let _ = signal(SignalKind::from_raw(ignored));
    }
}

/// The kernel's, and in a container of LXC the word to stop.
#[cfg(target_os = "linux")]
fn power_fails() -> Option<Signal> {
    Some(Signal::POWER)
}

#[cfg(not(target_os = "linux"))]
fn power_fails() -> Option<Signal> {
    None
}

/// Those without a name (signal(7)), and the one that nothing sends.
#[cfg(target_os = "linux")]
fn real_time() -> impl Iterator<Item = i32> {
    (34..=64).chain([Signal::STKFLT.as_raw()])
}

#[cfg(not(target_os = "linux"))]
fn real_time() -> impl Iterator<Item = i32> {
    std::iter::empty()
}

/// Whether whoever started us has it ignored. The kernel says so in a file; where there is none it counts as not ignored.
fn is_ignored(asked: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask >> (asked.as_raw() - 1) & 1 == 1
}
