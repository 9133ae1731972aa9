use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    process::ExitStatus,
    time::Duration,
};

use tokio::time::sleep;
use tracing::{info, warn};

use crate::clock::Stopwatch;

use super::{
    EmbeddedError, Installation, Options,
    layout::Layout,
    leftover,
    listen::Endpoint,
    pidfile::PidFile,
    postmaster::{POLL, Postmaster},
    spawn::spawn,
    user::RunUser,
};

/// The time limit for all attempts together.
const READY_LIMIT: Duration = Duration::from_secs(60);
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Reasons that go away by themselves: backends of a killed postmaster that have not noticed yet, a postmaster that a
/// killed server had just started, and a port that was taken between our check and PostgreSQL's.
const PASSING: [&str; 5] = [
    "pre-existing shared memory block",
    "lock file \"postmaster.pid\" already exists",
    "could not bind",
    "could not create any TCP/IP sockets",
    "could not create any Unix-domain sockets",
];

/// Returns when PostgreSQL accepts connections.
pub(super) async fn start(
    layout: &Layout,
    installation: &Installation,
    user: &RunUser,
    options: &Options,
) -> Result<(Postmaster, Endpoint), EmbeddedError> {
    let begin = Stopwatch::start();
    loop {
        let endpoint = Endpoint::choose(&layout.run)?;
        let log = layout.open_log()?;
        let log_start = log.metadata().map_err(EmbeddedError::file("read", &layout.log))?.len();
        let mut postmaster = spawn(layout, installation, user, options, &endpoint, log)?;
        match wait_until_ready(layout, &mut postmaster, begin).await {
            Outcome::Ready(port) => {
                info!(milliseconds = begin.elapsed().as_millis(), "private PostgreSQL is ready");
                // The settings of the caller may have named another one.
                return Ok((postmaster, Endpoint::running(&layout.run, port)));
            }
            Outcome::Ended(status) => {
                let tail = last_lines(layout, log_start);
                if begin.elapsed() >= READY_LIMIT || !PASSING.iter().any(|reason| tail.contains(reason)) {
                    return Err(EmbeddedError::Exited { status, log: layout.log.clone(), tail });
                }
                warn!("private PostgreSQL can't start yet, trying again");
                leftover::stop(&layout.cluster, user).await?;
                sleep(RETRY_PAUSE).await;
            }
            Outcome::OutOfTime => {
                postmaster.stop().await?;
                let (seconds, tail) = (READY_LIMIT.as_secs(), last_lines(layout, log_start));
                return Err(EmbeddedError::NotReady { seconds, log: layout.log.clone(), tail });
            }
        }
    }
}

enum Outcome {
    /// On this port.
    Ready(u16),
    Ended(ExitStatus),
    OutOfTime,
}

async fn wait_until_ready(layout: &Layout, postmaster: &mut Postmaster, begin: Stopwatch) -> Outcome {
    loop {
        if let Some(status) = postmaster.status() {
            return Outcome::Ended(status);
        }
        if let Some(PidFile { pid, port: Some(port), ready: true }) = PidFile::read(&layout.cluster)
            && pid == postmaster.pid()
        {
            return Outcome::Ready(port);
        }
        if begin.elapsed() >= READY_LIMIT {
            return Outcome::OutOfTime;
        }
        sleep(POLL).await;
    }
}

/// The last 20 lines that were written since `from`.
fn last_lines(layout: &Layout, from: u64) -> String {
    let mut text = Vec::new();
    let read = File::open(&layout.log).and_then(|mut log| {
        log.seek(SeekFrom::Start(from))?;
        log.take(1_000_000).read_to_end(&mut text)
    });
    if let Err(error) = read {
        return format!("(can't be read: {error})");
    }
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
