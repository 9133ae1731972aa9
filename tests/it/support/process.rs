//! Runs the built binary as a process.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::Client;

/// A timeout that is longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. It is killed when dropped.
pub(crate) struct Server {
    child: Child,
    /// `http://127.0.0.1:<port>`
    pub(crate) url: String,
    /// Its standard output until it was ready.
    pub(crate) greeting: String,
    errors: Option<JoinHandle<()>>,
    log: Arc<Mutex<String>>,
}

const BINARY: &str = env!("CARGO_BIN_EXE_portcullis");

/// The binary with no setting but these, on a free port.
pub(crate) fn command(environment: &[(&str, &str)]) -> Command {
    with(heeding(BINARY), environment)
}

/// A command of the shell in which `"$0"` is the binary, with no setting but these.
pub(crate) fn shell(script: &str, environment: &[(&str, &str)]) -> Command {
    let mut shell = heeding("sh");
    shell.args(["-c", script, BINARY]);
    with(shell, environment)
}

/// A command that does not ignore signals, however the tests were started. `nohup`, and scripts that put the tests
/// into the background, ignore some signals, and the programs that are started inherit that.
fn heeding(program: &str) -> Command {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).map(str::trim);
    let mask = mask.and_then(|mask| u64::from_str_radix(mask, 16).ok()).unwrap_or_default();
    let heeded = [("HUP", Signal::HUP), ("INT", Signal::INT), ("QUIT", Signal::QUIT), ("TERM", Signal::TERM)];
    let is_ignored = |signal: Signal| mask >> (signal.as_raw() - 1) & 1 == 1;
    let ignored: Vec<_> = heeded.into_iter().filter(|(_, signal)| is_ignored(*signal)).map(|(name, _)| name).collect();
    if ignored.is_empty() {
        return Command::new(program);
    }
    let mut command = Command::new("env");
    command.arg(format!("--default-signal={}", ignored.join(","))).arg(program);
    command
}

fn with(mut command: Command, environment: &[(&str, &str)]) -> Command {
    let ours = std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        name.starts_with("PORTCULLIS_") || name.starts_with("PG") || name == "DATABASE_URL"
    });
    for (name, _) in ours {
        command.env_remove(name);
    }
    // Another server may use the usual port.
    command.env("PORTCULLIS_LISTEN", "127.0.0.1:0");
    // A registration makes an account at once, unless a test asks otherwise.
    command.env("PORTCULLIS_EMAIL_VERIFICATION", "off");
    command.envs(environment.iter().copied()).stdin(Stdio::null());
    command
}

/// Runs the binary to its end. Returns the status, standard output and standard error.
pub(crate) fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (ExitStatus, String, String) {
    run_with(arguments, environment, b"")
}

/// The same, with this on standard input.
pub(crate) fn run_with(arguments: &[&str], environment: &[(&str, &str)], input: &[u8]) -> (ExitStatus, String, String) {
    let mut command = command(environment);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    // It may have ended without reading.
    let _ = child.stdin.take().expect("standard input").write_all(input);
    let output = child.wait_with_output().expect("an end");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status, text(output.stdout), text(output.stderr))
}

impl Server {
    /// Starts the binary on a free port, and returns when it reports that it is ready.
    pub(crate) fn start(environment: &[(&str, &str)]) -> Self {
        Self::spawn(command(environment))
    }

    /// As [`start`](Self::start), after a command of the shell that limits it.
    pub(crate) fn limited(limit: &str, environment: &[(&str, &str)]) -> Self {
        Self::spawn(shell(&format!("{limit} && exec \"$0\""), environment))
    }

    fn spawn(mut command: Command) -> Self {
        command.env("PORTCULLIS_LISTEN", "127.0.0.1:0").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let log = Arc::new(Mutex::new(String::new()));
        let lines_of_errors = lines(child.stderr.take().expect("standard error"));
        let errors = std::thread::spawn({
            let log = log.clone();
            move || lines_of_errors.iter().for_each(|line| log.lock().expect("a log").push_str(&line))
        });
        let lines = lines(child.stdout.take().expect("standard output"));
        let mut server = Self { child, url: String::new(), greeting: String::new(), errors: Some(errors), log };
        while !server.greeting.contains("Ctrl-C") && !server.greeting.contains("\"ready\"") {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) => server.greeting.push_str(&line),
                Err(_) => {
                    let errors = server.kill();
                    panic!("not ready: {}{errors}", server.greeting)
                }
            }
        }
        let (_, address) = server.greeting.split_once("http://").expect("an address");
        let end = address.find(['/', '"']).expect("its end");
        server.url = format!("http://{}", &address[..end]);
        server
    }

    /// Starts the binary on a data directory of its own, with cheap hashing.
    pub(crate) fn private(data_dir: &Path) -> Self {
        let data_dir = data_dir.to_str().expect("UTF-8");
        Self::start(&[("PORTCULLIS_DATA_DIR", data_dir), ("PORTCULLIS_ARGON2_MEMORY_KIB", "64")])
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(format!("{}/graphql", self.url))
    }

    /// The address on which it listens.
    pub(crate) fn socket(&self) -> std::net::SocketAddr {
        self.url.trim_start_matches("http://").parse().expect("an address")
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("a signal");
    }

    /// Waits for its end. Returns the status and its standard error.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("an end");
        self.errors.take().into_iter().for_each(|errors| errors.join().expect("text"));
        (status, self.log())
    }

    /// Its standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("a log").clone()
    }

    /// Sends SIGTERM and waits for the end. Returns its standard error.
    pub(crate) fn stop(mut self) -> String {
        self.signal(Signal::TERM);
        let (status, errors) = self.wait();
        assert!(status.success(), "{status}: {errors}");
        errors
    }

    /// Sends SIGKILL and waits for the end. Returns its standard error.
    pub(crate) fn kill(&mut self) -> String {
        let _ = self.child.kill();
        self.wait().1
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line + "\n").is_err() {
                return;
            }
        }
    });
    receiver
}

/// Whether a process runs. A zombie does not.
pub(crate) fn runs(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// The process of the private PostgreSQL in `dir`.
pub(crate) fn postmaster(dir: &Path) -> Option<i32> {
    std::fs::read_to_string(dir.join("postgres/postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
}

/// Sends a signal to a process.
pub(crate) fn signal(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).expect("a pid"), signal).expect("a signal");
}
