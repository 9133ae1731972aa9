//! The release binary in a process of its own.

use std::process::Stdio;
use std::time::Duration;

use portcullis::clock::Stopwatch;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::processors::Processors;
use super::{Outcome, processor_time};

/// Hashing that costs next to nothing, for what is not about logins.
pub(crate) const CHEAP: [(&str, &str); 2] =
    [("PORTCULLIS_ARGON2_MEMORY_KIB", "64"), ("PORTCULLIS_ARGON2_ITERATIONS", "1")];
/// For servers that share a database.
pub(crate) const SECRET: (&str, &str) = ("PORTCULLIS_SECRET", "the secret of a benchmark, no other");

/// Long enough to create a database.
const START: Duration = Duration::from_secs(60);
/// Longer than the server takes at the worst: its grace for requests, then PostgreSQL's.
const STOP: Duration = Duration::from_secs(30);

/// A running server. Dropped, it is stopped, which blocks meanwhile.
pub(crate) struct Server {
    /// Host and port.
    pub(crate) address: String,
    child: Child,
    /// Kept open: the server would fail to write to a closed pipe.
    output: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts it on a free port with these settings and none of this process's own, and returns when it takes requests.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Outcome<Self> {
        Self::announced_by(command(settings).spawn()?).await
    }

    /// The program of this command, which says like the server where it is.
    pub(crate) async fn of(mut command: Command, processors: &Processors) -> Outcome<Self> {
        Self::announced_by(processors.start(|| command.spawn())??).await
    }

    async fn announced_by(mut child: Child) -> Outcome<Self> {
        let output = child.stdout.take().ok_or("the server has no output")?;
        let mut server = Self { address: String::new(), child, output: BufReader::new(output).lines() };
        server.address = tokio::time::timeout(START, server.announced())
            .await
            .map_err(|_| "the server does not start in time")??;
        Ok(server)
    }

    /// Stops it.
    ///
    /// # Errors
    /// When it fails to stop in order and in time.
    pub(crate) async fn stop(mut self) -> Outcome {
        self.terminate();
        let status = tokio::time::timeout(STOP, self.child.wait()).await.map_err(|_| "the server does not stop")??;
        if status.success() { Ok(()) } else { Err(format!("the server stopped with {status}").into()) }
    }

    pub(crate) fn process(&self) -> Outcome<u32> {
        Ok(self.child.id().ok_or("the server has ended")?)
    }

    /// How long it has run on processors, its database not included.
    pub(crate) fn processor_time(&self) -> Outcome<Duration> {
        processor_time::of(self.process()?)
    }

    async fn announced(&mut self) -> Outcome<String> {
        while let Some(line) = self.output.next_line().await? {
            if let Some(url) = line.trim().strip_prefix("GraphQL") {
                let address = url.trim().strip_prefix("http://").and_then(|url| url.strip_suffix("/graphql"));
                return Ok(address.ok_or_else(|| format!("not an address: {line}"))?.to_owned());
            }
        }
        Err("the server ended at its start".into())
    }

    fn terminate(&self) {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(pid) = pid {
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.terminate();
        let watch = Stopwatch::start();
        while matches!(self.child.try_wait(), Ok(None)) {
            if watch.elapsed() > STOP {
                let _ = self.child.start_kill();
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The release binary with these settings on a free port.
pub(crate) fn command(settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    for (name, _) in std::env::vars_os() {
        if name == "DATABASE_URL" || name.as_encoded_bytes().starts_with(b"PORTCULLIS_") {
            command.env_remove(name);
        }
    }
    command
        .env("PORTCULLIS_LISTEN", "127.0.0.1:0")
        .env("PORTCULLIS_LOG", "warn")
        // Whoever registers is signed in.
        .env("PORTCULLIS_EMAIL_VERIFICATION", "off")
        // A client here keeps its connection, and all have one address.
        .env("PORTCULLIS_RATE_LIMITS", "off")
        .env("PORTCULLIS_KEEP_ALIVE_REQUESTS", "1000000")
        .env("PORTCULLIS_MAX_CONNECTIONS_PER_NETWORK", "4096")
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}
