//! Which signals stop the process, and which are ignored.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use portcullis::clock::Stopwatch;
use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};

/// These are sent by people, terminals and supervisors. SIGXCPU means that the limit on processor time is nearly
/// reached.
const ENDING: [Signal; 5] = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::XCPU];

/// Each of these would end the process at once. Of the signals that do so, only SIGKILL and those for a fault of the
/// program itself (such as SIGABRT) are left.
const IGNORED: [Signal; 7] =
    [Signal::USR1, Signal::USR2, Signal::ALARM, Signal::VTALARM, Signal::PROF, Signal::IO, Signal::XFSZ];

/// A terminal that is closed sends SIGHUP twice, and some supervisors send it together with SIGTERM. Within this time
/// they count as one signal.
const HANG_UP: Duration = Duration::from_secs(1);

/// The signals that stop the process.
pub(crate) struct Signals {
    listeners: Vec<(Signal, unix::Signal)>,
    last: Option<(Signal, Stopwatch)>,
}

impl Signals {
    /// Listens for the signals that stop the process.
    pub(crate) fn new() -> io::Result<Self> {
        // This is read before there is a listener, which would change the answer. nohup(1) starts programs with
        // SIGHUP ignored, and scripts start programs in the background with SIGQUIT ignored.
        let stays_ignored = |ending: &Signal| [Signal::HUP, Signal::QUIT].contains(ending) && is_ignored(*ending);
        let ending: Vec<_> = ENDING.into_iter().chain(power_fails()).filter(|ending| !stays_ignored(ending)).collect();
        let listen = |ending: Signal| Ok((ending, signal(SignalKind::from_raw(ending.as_raw()))?));
        Ok(Self { listeners: ending.into_iter().map(listen).collect::<io::Result<_>>()?, last: None })
    }

    /// Returns when one of them comes.
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
                // Of signals that count as one, the time of the first counts.
                Some((_, since)) => self.last = Some((came, since)),
                None => {
                    self.last = Some((came, Stopwatch::start()));
                    return;
                }
            }
        }
    }
}

/// From here on the signals that are ignored do nothing until the process ends.
pub(crate) fn ignore_other_signals() {
    let named = IGNORED.into_iter().map(Signal::as_raw);
    for ignored in named.chain(real_time()) {
        // The C library reserves some of the real-time signals and refuses them.
        let _ = signal(SignalKind::from_raw(ignored));
    }
}

/// The signal of the kernel on power failure. In a container of LXC it means to stop.
#[cfg(target_os = "linux")]
fn power_fails() -> Option<Signal> {
    Some(Signal::POWER)
}

#[cfg(not(target_os = "linux"))]
fn power_fails() -> Option<Signal> {
    None
}

/// The signals without a name (signal(7)), and one that nothing sends.
#[cfg(target_os = "linux")]
fn real_time() -> impl Iterator<Item = i32> {
    (34..=64).chain([Signal::STKFLT.as_raw()])
}

#[cfg(not(target_os = "linux"))]
fn real_time() -> impl Iterator<Item = i32> {
    std::iter::empty()
}

/// Whether the parent process had this signal ignored. The kernel shows it in a file. Without that file it counts as
/// not ignored.
fn is_ignored(asked: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask >> (asked.as_raw() - 1) & 1 == 1
}
