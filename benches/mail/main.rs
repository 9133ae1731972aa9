//! How long a mail takes from its commit to its acceptance by the mail server.
//!
//! ```text
//! cargo bench --bench mail
//! cargo bench --bench mail -- --mails 2000 --instances 3
//! ```
//!
//! It starts a private PostgreSQL with the server's own settings (durable, autovacuum on) in a fresh directory, smtp-server of npm
//! without TLS, and release binaries on both, and stops all of them in the end. One mail after another is written into the outbox,
//! each a transaction of its own. The time runs from the answer to its commit until smtp-server says that it has accepted the
//! mail. It needs node and npm.

#[path = "../support/mod.rs"]
mod support;

#[path = "../../tests/it/support/npm.rs"]
mod npm;
#[allow(clippy::expect_used, reason = "the tests use it as well")]
#[path = "../../tests/it/support/sealed_mail.rs"]
mod sealed_mail;

use std::process::{ExitCode, Stdio};
use std::time::Duration;

use clap::Parser;
use portcullis::clock::Stopwatch;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use npm::Npm;
use sealed_mail::Written;
use support::Outcome;
use support::directory::Directory;
use support::postgres::Postgres;
use support::run::at_least_one;
use support::server::{CHEAP, SECRET, Server};
use support::times::percentile;

/// Longer than any mail takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures the way of a mail.
#[derive(Parser)]
struct Arguments {
    /// Mails, one after another.
    #[arg(long, default_value_t = 1000, value_parser = at_least_one)]
    mails: usize,
    /// Servers on the same database.
    #[arg(long, default_value_t = 1, value_parser = at_least_one)]
    instances: usize,
    /// Cargo passes it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match measure(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &Arguments) -> Outcome {
    let directory = Directory::make("mail")?;
    let postgres = Postgres::start(&directory).await?;
    let mut mail_server = MailServer::start().await?;
    let url = format!("smtp://127.0.0.1:{}", mail_server.port);
    let from = ("PORTCULLIS_MAIL_FROM", "no-reply@example.com");
    let settings = [("DATABASE_URL", postgres.url()), ("PORTCULLIS_SMTP_URL", &url), from, SECRET];
    let mut servers = Vec::new();
    for _ in 0..arguments.instances {
        servers.push(Server::start(&[&CHEAP, settings.as_slice()].concat()).await?);
    }
    let mut times = Vec::with_capacity(arguments.mails);
    for number in 0..arguments.mails {
        let (recipient, content) = (format!("ada{number}@example.com"), json!({ "code": "40718263" }));
        let mail = Written { kind: "reset_password", recipient: &recipient, content: &content, at: "now" };
        sealed_mail::write(&postgres.operator, SECRET.1, &mail).await;
        let committed = Stopwatch::start();
        mail_server.accepted().await?;
        times.push(committed.elapsed());
    }
    times.sort_unstable();
    let [median, most, last] = [0.5, 0.99, 1.0].map(|share| percentile(&times, share));
    let Arguments { mails, instances, .. } = arguments;
    println!("{mails} mails, {instances} instances: p50 {median:.1} ms, p99 {most:.1} ms, at most {last:.1} ms");
    for server in servers {
        server.stop().await?;
    }
    postgres.stop().await
}

/// smtp-server in a process of its own, which ends when this is dropped.
struct MailServer {
    _child: Child,
    output: Lines<BufReader<ChildStdout>>,
    port: u64,
}

impl MailServer {
    async fn start() -> Outcome<Self> {
        let files = &["package.json", "package-lock.json", "server.js"];
        let npm = Npm { folder: "smtp", files, package: "smtp-server" };
        let folder = npm.folder_or_explain().ok_or("there is no smtp-server")?;
        let mut node = Command::new("node");
        node.arg(folder.join("server.js")).arg(r#"{ "tls": "none" }"#).kill_on_drop(true);
        let mut child = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = BufReader::new(child.stdout.take().ok_or("it has no output")?).lines();
        let mut server = Self { _child: child, output, port: 0 };
        server.port = server.next("listening").await?.as_u64().ok_or("it has no port")?;
        Ok(server)
    }

    async fn accepted(&mut self) -> Outcome {
        self.next("accepted").await.map(drop)
    }

    async fn next(&mut self, name: &str) -> Outcome<Value> {
        let line = timeout(PATIENCE, self.output.next_line()).await??.ok_or("the mail server has ended")?;
        let mut event: Value = serde_json::from_str(&line)?;
        Ok(event.get_mut(name).map(Value::take).ok_or(format!("not {name}: {line}"))?)
    }
}
