use std::{
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    os::unix::process::CommandExt as _,
    process::{Command, ExitStatus},
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
    pidfile::{PidFile, is_postmaster},
    postmaster::{POLL, Postmaster},
    user::RunUser,
};

/// For all attempts together.
const READY_LIMIT: Duration = Duration::from_secs(60);
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Ours; those of [`Endpoint`] come on top. DETAIL lines would hold e-mail addresses, statements
/// anything.
const SETTINGS: [&str; 12] = [
    "unix_socket_permissions=0700",
    "max_connections=100",
    "huge_pages=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_destination=stderr",
    "logging_collector=off",
    "log_statement=none",
    "log_min_duration_statement=-1",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "lc_messages=C",
];

/// Reasons that pass by themselves: backends of a killed postmaster that have not noticed yet, a postmaster that a
/// killed server started just before, a port that was taken between our look and PostgreSQL's.
const PASSING: [&str; 5] = [
    "pre-existing shared memory block",
    "lock file \"postmaster.pid\" already exists",
    "could not bind",
    "could not create any TCP/IP sockets",
    "could not create any Unix-domain sockets",
];

/// Returns when PostgreSQL accepts connections.
pub async fn start(
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
            Outcome::Ready => {
                info!(milliseconds = begin.elapsed().as_millis(), "private PostgreSQL is ready");
                return Ok((postmaster, endpoint));
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
    Ready,
    Ended(ExitStatus),
    OutOfTime,
}

async fn wait_until_ready(layout: &Layout, postmaster: &mut Postmaster, begin: Stopwatch) -> Outcome {
    loop {
        if let Some(status) = postmaster.status() {
            return Outcome::Ended(status);
        }
        if PidFile::read(&layout.cluster).is_some_and(|file| file.ready && file.pid == postmaster.pid()) {
            return Outcome::Ready;
        }
        if begin.elapsed() >= READY_LIMIT {
            return Outcome::OutOfTime;
        }
        sleep(POLL).await;
    }
}

fn spawn(
    layout: &Layout,
    installation: &Installation,
    user: &RunUser,
    options: &Options,
    endpoint: &Endpoint,
    log: File,
) -> Result<Postmaster, EmbeddedError> {
    let program = installation.program("postgres");
    let mut command: Command = user.command(&program, &layout.cluster);
    command.arg("-D").arg(&layout.cluster);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    for setting in endpoint.settings() {
        command.arg("-c").arg(setting);
    }
    for (name, value) in &options.settings {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    if let Some(stale) = PidFile::read(&layout.cluster)
        && !is_postmaster(stale.pid, &layout.cluster, user.uid)
    {
        // PostgreSQL takes any living process of that number for its predecessor, except the one named here. To
        // remove the file instead would also remove its guard against orphaned backends.
        command.env("PG_GRANDPARENT_PID", stale.pid.to_string());
    }
    // Nobody else uses this directory, and a stale lock of the socket has the same trouble with numbers.
    for entry in fs::read_dir(&layout.run).into_iter().flatten().flatten() {
        _ = fs::remove_file(entry.path());
    }
    // A group of its own: Ctrl-C in the terminal is for us, and we stop PostgreSQL after the last query.
    command.process_group(0);
    let output = log.try_clone().map_err(EmbeddedError::file("open", &layout.log))?;
    let child = command.stdout(output).stderr(log).spawn();
    child.map(Postmaster::new).map_err(|source| EmbeddedError::Run { program, user: user.name(), source })
}

/// What was written since `from`, the last 20 lines of it.
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
