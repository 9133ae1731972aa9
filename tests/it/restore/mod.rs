//! Databases that were restored from a backup: what lives again there, what is gone, and what an operator does about it. The
//! commands and statements are those of docs/operating/backup.md and restored.md.

mod copied;
mod dumped;
mod ended;
mod factors;
mod in_time;
mod keys;
mod mails;

use std::path::{Path, PathBuf};
use std::process::Command;

use portcullis::clock::ManualClock;
use portcullis::use_cases::service_keys;

use crate::support::app::TestApp;
use crate::support::cluster::{self, watched_dir};
use crate::support::database::{TestDatabase, as_superuser, connect};
use crate::support::events::Events;
use crate::support::until;

const ADA: &str = "ada@example.com";
/// Where backups lie, on these pages.
const PLACE: &str = "/var/backups/portcullis";

/// The first block after this heading that contains this.
fn block_below(heading: &str, part: &str) -> String {
    let page = |name: &str| {
        let path = format!("{}/docs/operating/{name}.md", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("a page")
    };
    let pages = page("backup") + &page("restored");
    let (_, below) = pages.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
    let mut blocks = below.split("```").skip(1).step_by(2).filter(|block| block.contains(part));
    let block = blocks.next().unwrap_or_else(|| panic!("no {part} below {heading}"));
    block.split_once('\n').expect("a language").1.to_owned()
}

/// The first block of the pages that contains this, with another place for the backups.
fn block(part: &str, place: &Path) -> String {
    block_below("# Backup", part).replace(PLACE, place.to_str().expect("UTF-8"))
}

/// Runs a block of the pages in a shell, with these variables, and the programs of the PostgreSQL that `operator` operates.
async fn run(block: &str, operator: &tokio_postgres::Client, prepare: impl FnOnce(&mut Command)) {
    let programs = "SELECT setting FROM pg_config() WHERE name = 'BINDIR'";
    let programs: String = operator.query_one(programs, &[]).await.expect("a superuser").get(0);
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.args(["-euc", block]).env("PATH", format!("{programs}:{path}"));
    prepare(&mut shell);
    let output = tokio::task::spawn_blocking(move || shell.output()).await.expect("no panic").expect("a shell");
    assert!(output.status.success(), "{block}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs the statements of the pages that contain this.
async fn statements(database: &TestDatabase, part: &str) {
    database.operator.batch_execute(&block(part, Path::new(PLACE))).await.expect("statements of the pages");
}

/// A database of its own, made as docs/deploying/database.md says.
async fn database() -> TestDatabase {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let name = format!("restore_{}", NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    let shared = cluster::database_url().await;
    let make = format!("CREATE DATABASE {name} OWNER portcullis ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0");
    connect(&as_superuser(shared)).await.batch_execute(&make).await.expect("a database");
    let (server, _) = shared.rsplit_once('/').expect("a database");
    let url = format!("{server}/{name}");
    TestDatabase { operator: connect(&as_superuser(&url)).await, url }
}

/// A server on a database of its own.
async fn server() -> TestApp {
    let database = database().await;
    let url = database.url.clone();
    TestApp::on(database, &url, &[]).await
}

/// What `pg_dump` wrote.
struct Dump(PathBuf);

impl Dump {
    async fn of(database: &TestDatabase) -> Self {
        let place = watched_dir("dump");
        let set_url = |shell: &mut Command| _ = shell.env("DATABASE_URL", &database.url);
        run(&block("pg_dump ", &place), &database.operator, set_url).await;
        Self(place)
    }

    /// A new database with what was dumped.
    async fn restored(&self) -> TestDatabase {
        let database = database().await;
        let set_url = |shell: &mut Command| _ = shell.env("DATABASE_URL", &database.url);
        run(&block("pg_restore ", &self.0), &database.operator, set_url).await;
        database
    }

    /// A server on a new database with what was dumped.
    async fn served(&self, clock: &ManualClock) -> TestApp {
        serve(self.restored().await, clock).await
    }
}

/// A server on this database.
async fn serve(database: TestDatabase, clock: &ManualClock) -> TestApp {
    let url = database.url.clone();
    TestApp::at(database, &url, &[], clock.clone(), clock.clock()).await
}

/// Waits for the end of the recovery: a PostgreSQL answers queries before it takes changes.
async fn recovered(operator: &tokio_postgres::Client) {
    until("it takes changes", async || {
        let row = operator.query_one("SELECT pg_is_in_recovery()", &[]).await.expect("a row");
        !row.get::<_, bool>(0)
    })
    .await;
}

/// A service key.
async fn service_key(app: &TestApp) -> String {
    let made = service_keys::create(&app.console(&[]).operator(), "a test").await.expect("a database").expect("a name");
    made.1.expose().to_owned()
}

/// Follows the revocations.
async fn follow(app: &TestApp, key: &str, position: Option<&str>) -> Events {
    Events::open(&app.url("/revocations"), key, position).await
}
