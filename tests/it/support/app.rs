//! A server for each test, in this process, behind real HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Command, FromArgMatches};
use portcullis::app::{App, Console};
use portcullis::clock::{Clock, ManualClock};
use portcullis::config::{Config, DatabaseChoice, Secret, Settings};
use portcullis::db::Target;
use portcullis::db::migrations::{self, Extent, Locks};
use portcullis::error::Error;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::client::{Client, SignedIn};
use super::database::TestDatabase;

pub(crate) const SECRET: &str = "a secret of the tests, longer than 32 bytes";

/// No other transaction keeps locks of the tables for long.
pub(crate) const LOCKS: Locks = Locks { timeout: Duration::from_secs(30), wait: Duration::ZERO };

/// A running server with its database and its clock.
pub(crate) struct TestApp {
    pub(crate) app: Arc<App>,
    pub(crate) address: SocketAddr,
    pub(crate) clock: ManualClock,
    pub(crate) database: TestDatabase,
    pub(crate) server: tokio::task::JoinHandle<std::io::Result<()>>,
    pub(crate) stop: oneshot::Sender<()>,
}

/// The settings of these flags, independent of the environment of the tests.
pub(crate) fn settings(flags: &[&str]) -> Settings {
    let command =
        Settings::augment_args(Command::new("test")).mut_args(|arg| arg.env(None::<&str>)).args_override_self(true);
    let matches = portcullis::config::parse(command, [&["test"], flags].concat()).expect("flags of the test");
    Settings::from_arg_matches(&matches).expect("flags of the test")
}

/// A configuration for the database at `url`, with cheap hashing and long timeouts, because the machine may be busy.
pub(crate) fn config(url: &str, flags: &[&str]) -> Config {
    let cheap = ["--database-url", url, "--secret", SECRET, "--argon2-memory-kib=64", "--argon2-iterations=1"];
    // All tests come from one address.
    let cheap = [cheap.as_slice(), &["--rate-limits=off", "--env=development", "--email-verification=off"]].concat();
    settings(&[&cheap, ["--introspection=on", "--database-timeout=30s"].as_slice(), flags].concat())
        .check()
        .expect("settings of the test")
}

/// A secret that is long enough.
pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes()).expect("a secret of the tests")
}

/// One more instance on a database that has been migrated, without HTTP.
pub(crate) async fn instance(url: &str, clock: &ManualClock, sealing: &str, flags: &[&str]) -> Result<App, Error> {
    let config = config(url, &[&["--hashing-threads=1"], flags].concat());
    let target = target(&config).await;
    App::start(config, target, &secret(sealing), clock.clock()).await
}

/// The target of the database, as a server that starts finds it.
async fn target(config: &Config) -> Target {
    let DatabaseChoice::External { target, .. } = config.database.clone() else { panic!("a database of the tests") };
    target.probed(Duration::from_secs(30)).await.expect("a database")
}

/// One more instance behind real HTTP.
pub(crate) struct Peer {
    pub(crate) app: Arc<App>,
    pub(crate) address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Peer {
    pub(crate) async fn serve(app: Arc<App>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(portcullis::http::serve(app.clone(), listener, async {
            let _ = stopped.await;
        }));
        Self { app, address, _stop: stop }
    }

    /// The same session, at this instance.
    pub(crate) fn continued_by(&self, session: &SignedIn) -> SignedIn {
        session.through(self.visited_by(session))
    }

    /// The same client, at this instance.
    pub(crate) fn visited_by(&self, client: &Client) -> Client {
        Client { url: format!("http://{}/graphql", self.address), ..client.clone() }
    }
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A server with these flags.
    pub(crate) async fn with(flags: &[&str]) -> Self {
        let database = TestDatabase::new().await;
        let url = database.url.clone();
        Self::on(database, &url, flags).await
    }

    /// A server that reaches `database` by `url`.
    pub(crate) async fn on(database: TestDatabase, url: &str, flags: &[&str]) -> Self {
        let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().expect("a date"));
        Self::at(database, url, flags, clock.clone(), clock.clock()).await
    }

    /// A server whose clock shows the time of the database.
    pub(crate) async fn at_present() -> Self {
        let database = TestDatabase::new().await;
        let url = database.url.clone();
        let now: String =
            database.operator.query_one("SELECT to_json(now())#>>'{}'", &[]).await.expect("a time").get(0);
        let clock = ManualClock::new(now.parse().expect("a time"));
        Self::at(database, &url, &[], clock.clone(), clock.clock()).await
    }

    /// A server that takes the time from `time`.
    pub(crate) async fn at(database: TestDatabase, url: &str, flags: &[&str], clock: ManualClock, time: Clock) -> Self {
        let target: Target = database.url.parse().expect("a URL of the tests");
        migrations::run(&target, Extent::Expanding, LOCKS).await.expect("migrations");
        let config = config(url, flags);
        let target = self::target(&config).await;
        let app = App::start(config, target, &secret(SECRET), time).await.expect("an app");
        let app = Arc::new(app);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(portcullis::http::serve(app.clone(), listener, async {
            let _ = stopped.await;
        }));
        Self { app, address, clock, database, server, stop }
    }

    /// One more instance on the same database and clock.
    pub(crate) async fn instance(&self, flags: &[&str]) -> App {
        instance(&self.database.url, &self.clock, SECRET, flags).await.expect("an app")
    }

    /// The console that operators' commands use.
    pub(crate) fn console(&self, flags: &[&str]) -> Console {
        let (url, time) = (&self.database.url, self.clock.clock());
        Console::new(config(url, flags), url.parse().expect("a URL"), &secret(SECRET), time).expect("a console")
    }

    /// One more instance on the same database and clock, with HTTP.
    pub(crate) async fn peer(&self, flags: &[&str]) -> Peer {
        Peer::serve(Arc::new(self.instance(flags).await)).await
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Somebody who is not signed in.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.url("/graphql"))
    }

    /// Somebody who has just registered.
    pub(crate) async fn registered(&self, email: &str) -> SignedIn {
        self.anonymous().register(email).await
    }
}
