//! The release binary in a process of its own.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use portcullis::clock::Stopwatch;
use portcullis::config::Argon2Cost;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::Outcome;

/// Long enough to create a database.
const START: Duration = Duration::from_secs(60);
/// Longer than the server takes at the worst: its grace for requests, then PostgreSQL's.
const STOP: Duration = Duration::from_secs(30);

/// A running server. Dropped, it is stopped and its directory removed, which blocks meanwhile.
pub(crate) struct Server {
    /// Host and port.
    pub(crate) address: String,
    child: Child,
    /// Kept open: the server would fail to write to a closed pipe.
    output: Lines<BufReader<ChildStdout>>,
    _directory: Directory,
}

/// A directory that is removed when dropped.
struct Directory(PathBuf);

impl Server {
    /// Starts it on a free port with a database of its own, and returns when it takes requests.
    pub(crate) async fn start(cost: Argon2Cost, threads: usize) -> Outcome<Self> {
        let directory = Directory::make()?;
        let mut child = command(&directory, cost, threads).spawn()?;
        let output = child.stdout.take().ok_or("the server has no output")?;
        let output = BufReader::new(output).lines();
        let mut server = Self { address: String::new(), child, output, _directory: directory };
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

/// The server with nothing of this process's own settings.
fn command(directory: &Directory, cost: Argon2Cost, threads: usize) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    for (name, _) in std::env::vars_os() {
        if name == "DATABASE_URL" || name.as_encoded_bytes().starts_with(b"PORTCULLIS_") {
            command.env_remove(name);
        }
    }
    command
        .env("PORTCULLIS_LISTEN", "127.0.0.1:0")
        .env("PORTCULLIS_DATA_DIR", &directory.0)
        .env("PORTCULLIS_LOG", "warn")
        .env("PORTCULLIS_ARGON2_MEMORY_KIB", cost.memory_kib.to_string())
        .env("PORTCULLIS_ARGON2_ITERATIONS", cost.iterations.to_string())
        .env("PORTCULLIS_ARGON2_PARALLELISM", cost.parallelism.to_string())
        .env("PORTCULLIS_HASHING_THREADS", threads.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

impl Directory {
    /// Passable for others: PostgreSQL does not run as root.
    fn make() -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("portcullis-load-{}", std::process::id()));
        DirBuilder::new().mode(0o711).create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("load: {} is left: {error}", self.0.display());
        }
    }
}
