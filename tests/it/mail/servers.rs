//! Mail servers in processes of their own: smtp-server of npm, which does as it is told, and aiosmtpd of PyPI.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use rcgen::{CertificateParams, Issuer, KeyPair};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::support::cluster::watched_dir;
use crate::support::npm::Npm;
use crate::support::python::Pip;

/// A timeout that is longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// aiosmtpd.
const PYTHON: Pip = Pip { folder: "smtp", module: "aiosmtpd.controller" };

/// A mail server. It ends when dropped, since its input does.
pub(crate) struct MailServer {
    child: Child,
    input: ChildStdin,
    events: UnboundedReceiver<Value>,
    /// What came while something else was waited for.
    passed: Vec<Value>,
    pub(crate) port: u16,
    /// The file with the certificate of the authority that is to be trusted.
    pub(crate) authority: PathBuf,
}

impl MailServer {
    /// smtp-server without TLS.
    pub(crate) async fn plain() -> Option<Self> {
        Self::with(json!({ "tls": "none" })).await
    }

    /// smtp-server with these options.
    pub(crate) async fn with(options: Value) -> Option<Self> {
        let npm =
            Npm { folder: "smtp", files: &["package.json", "package-lock.json", "server.js"], package: "smtp-server" };
        // One installs it, and the others wait for that.
        static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
        let folder = FOLDER.get_or_init(|| npm.folder_or_explain()).as_deref()?;
        let mut node = Command::new("node");
        node.arg(folder.join("server.js"));
        Some(Self::start(node, options).await)
    }

    /// aiosmtpd with STARTTLS and a sign-in.
    pub(crate) async fn python() -> Option<Self> {
        let mut python = Command::new(PYTHON.python_or_explain()?);
        python.args(["-W", "ignore"]).arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp/server.py"));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        Some(Self::start(python, json!({ "user": "ada", "password": "p/w #1", "port": port })).await)
    }

    async fn start(mut command: Command, mut options: Value) -> Self {
        let dir = watched_dir("smtp");
        certificates(&dir);
        options["key"] = json!(dir.join("server.key"));
        options["cert"] = json!(dir.join("server.pem"));
        command.arg(options.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a mail server runs");
        let input = child.stdin.take().expect("standard input");
        let output = BufReader::new(child.stdout.take().expect("standard output"));
        let (sender, events) = unbounded_channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(serde_json::from_str(&line).expect("JSON of a mail server")).is_err() {
                    return;
                }
            }
        });
        let authority = dir.join("authority.pem");
        let mut server = Self { child, input, events, passed: Vec::new(), port: 0, authority };
        server.port = server.next("listening").await.as_u64().and_then(|port| port.try_into().ok()).expect("a port");
        server
    }

    /// From now on it does this.
    pub(crate) async fn behave(&mut self, behaviour: Value) {
        self.tell(&json!({ "behaviour": behaviour })).await;
    }

    /// The steps that were held go on.
    pub(crate) async fn release(&mut self) {
        self.tell(&json!({ "release": true })).await;
    }

    async fn tell(&mut self, told: &Value) {
        writeln!(self.input, "{told}").and_then(|()| self.input.flush()).expect("a mail server listens");
        self.next("told").await;
    }

    /// The next event of this name. Others are kept for later.
    pub(crate) async fn next(&mut self, name: &str) -> Value {
        if let Some(place) = self.passed.iter().position(|event| event.get(name).is_some()) {
            return self.passed.remove(place)[name].take();
        }
        loop {
            let mut event = timeout(PATIENCE, self.events.recv()).await.ok().flatten();
            let event = event.as_mut().unwrap_or_else(|| panic!("no {name} of the mail server: {:?}", self.passed));
            if let Some(value) = event.get_mut(name) {
                return value.take();
            }
            self.passed.push(event.take());
        }
    }

    /// The next mail that it accepts.
    pub(crate) async fn accepted(&mut self) -> Accepted {
        Accepted(self.next("accepted").await)
    }

    /// The mails that it has accepted and nobody has asked for.
    pub(crate) async fn rest(&mut self) -> Vec<Accepted> {
        // It tells events in their order.
        self.tell(&json!({})).await;
        let (accepted, others) = self.passed.drain(..).partition(|event| event.get("accepted").is_some());
        self.passed = others;
        let accepted: Vec<Value> = accepted;
        accepted.into_iter().map(|mut event| Accepted(event["accepted"].take())).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A mail that a server has accepted.
#[derive(Debug)]
pub(crate) struct Accepted(pub(super) Value);

impl Accepted {
    pub(crate) fn to(&self) -> &str {
        self.0["to"][0].as_str().expect("a recipient")
    }

    /// Headers and body, with long lines put together again.
    pub(crate) fn text(&self) -> String {
        self.0["raw"].as_str().expect("a mail").replace("=\r\n", "").replace("=3D", "=")
    }

    /// The headers of this name, unfolded.
    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let raw = self.0["raw"].as_str().expect("a mail").replace("\r\n ", " ");
        let head = raw.split("\r\n\r\n").next().expect("headers");
        let named = head.lines().filter_map(|line| line.split_once(": "));
        named.filter(|(its, _)| its.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).collect()
    }

    pub(crate) fn message_id(&self) -> String {
        self.headers("Message-ID").remove(0)
    }
}

/// Writes an authority's certificate, and the server's with its key, for the name localhost.
fn certificates(dir: &Path) {
    let authority_key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).expect("a certificate");
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().expect("a key");
    let names = vec!["localhost".to_owned()];
    let server = CertificateParams::new(names).expect("parameters").signed_by(&key, &issuer).expect("a certificate");
    std::fs::write(dir.join("authority.pem"), authority.pem()).expect("a file");
    std::fs::write(dir.join("server.pem"), server.pem()).expect("a file");
    std::fs::write(dir.join("server.key"), key.serialize_pem()).expect("a file");
}
