//! Each certificate in each mode, beside `psql`: the same answer, or a difference that docs/database-tls.md lists.

use std::fs;
use std::path::Path;
use std::process::Command;

use portcullis::db::embedded::{Embedded, Options};

use super::made::{ALL, Made, recipe};
use super::{own_by_the_databases_user, reaches};
use crate::support::cluster::{options, watched_dir};

/// Where psql and we answer differently: certificate, query, and whether we connect.
const DIFFERENCES: [(&str, &str, bool); 4] = [
    ("address as alternative name", "sslmode=verify-full+root 127.0.0.1", false),
    ("an authority that limits names", "sslmode=require+root db.example.com", false),
    ("an authority that limits names", "sslmode=verify-ca+root db.example.com", false),
    ("an authority that limits names", "sslmode=verify-full+root db.example.com", false),
];

const HOST: &str = "db.example.com";

/// Modes and hosts. The address is that of the server in each.
const QUERIES: [(&str, &str, bool); 8] = [
    ("sslmode=prefer", HOST, false),
    ("sslmode=require", HOST, false),
    ("sslmode=require", HOST, true),
    ("sslmode=verify-ca", HOST, true),
    ("sslmode=verify-full", HOST, true),
    ("sslmode=verify-full", "other.example.com", true),
    ("sslmode=verify-full", "a.db.example.com", true),
    ("sslmode=verify-full", "127.0.0.1", true),
];

/// `None` where there is none, which stops the test unless nothing may be left out.
fn psql_or_explain() -> bool {
    let found = ["psql", "openssl"].map(|program| Command::new(program).arg("--version").output().is_ok());
    if found != [true, true] {
        assert!(std::env::var_os("PORTCULLIS_TEST_ALL").is_none(), "psql or openssl is not installed");
        eprintln!("NOT TESTED: there is no psql or no openssl on this machine");
    }
    found == [true, true]
}

fn psql(url: &str, home: &Path) -> Result<(), String> {
    let mut psql = Command::new("psql");
    psql.args(["-XAtw", "-c", "SELECT 1", url]).env_clear().env("PATH", std::env::var_os("PATH").expect("a path"));
    let output = psql.env("HOME", home).output().expect("psql runs");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()) }
}

async fn serve(dir: &Path, files: &Path, port: u16, more: &[(&str, &str)]) -> Embedded {
    own_by_the_databases_user(dir, files).await;
    let file = |name: &str| files.join(name).to_str().expect("UTF-8").to_owned();
    let mut settings = options(dir).settings;
    for (name, value) in [
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("port", port.to_string()),
        ("ssl", "on".to_owned()),
        ("ssl_cert_file", file("server.crt")),
        ("ssl_key_file", file("server.key")),
    ] {
        settings.push((name.to_owned(), value));
    }
    settings.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Embedded::start(Options { settings, ..options(dir) }).await.expect("PostgreSQL")
}

/// In which queries we answer otherwise than psql does, or than is listed.
async fn compare(made: &Made, dir: &Path, more: &[(&str, &str)]) -> Vec<String> {
    let files = watched_dir("certificate");
    made.make(&files);
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    let server = serve(dir, &files, port, more).await;
    let credentials = server.url().split('@').next().expect("credentials").to_owned();
    let root = files.join("root.crt");
    let mut wrong = Vec::new();
    for (mode, host, rooted) in QUERIES {
        let root = if rooted { format!("&sslrootcert={}", root.display()) } else { String::new() };
        let url = format!("{credentials}@{host}:{port}/portcullis?hostaddr=127.0.0.1&{mode}{root}");
        let (theirs, ours) = (psql(&url, &files), reaches(&url).await);
        if made.name.contains("docs/") && host == HOST {
            assert_eq!(ours, Ok(()), "{url}");
        }
        let query = format!("{mode}{} {host}", if rooted { "+root" } else { "" });
        let listed = DIFFERENCES.iter().find(|(name, asked, _)| *name == made.name && *asked == query);
        let wanted = listed.map_or(theirs.is_ok(), |(_, _, wanted)| *wanted);
        if ours.is_ok() != wanted || listed.is_some_and(|(_, _, wanted)| *wanted == theirs.is_ok()) {
            wrong.push(format!("{}, {query}: psql {theirs:?}, ours {ours:?}", made.name));
        }
    }
    server.stop().await.expect("a stop");
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn each_certificate_is_taken_where_psql_takes_it() {
    if !psql_or_explain() {
        return;
    }
    let dir = watched_dir("compared");
    let mut wrong = Vec::new();
    for made in ALL.iter().chain([&recipe()]) {
        wrong.extend(compare(made, &dir, &[]).await);
    }
    // Certificates of version 1 by the other protocol.
    for made in &ALL[..2] {
        wrong.extend(compare(made, &dir, &[("ssl_max_protocol_version", "TLSv1.2")]).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    _ = fs::remove_dir_all(dir);
}
