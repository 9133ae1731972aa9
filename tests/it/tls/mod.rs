//! TLS to the database, as strict as `sslmode` asks.

mod compared;
mod imposters;
mod made;

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use portcullis::db::Target;
use portcullis::db::embedded::{Embedded, Options};
use rcgen::{CertificateParams, Issuer, KeyPair};

use crate::support::cluster::watched_dir;

/// Writes an authority's certificate for the client, and the server's with its key.
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

/// PostgreSQL reads only a key that is its user's own. Who that is, the cluster tells.
async fn own_by_the_databases_user(dir: &Path, files: &Path) {
    if !dir.join("postgres").exists() {
        let server = Embedded::start(Options { download: false, ..Options::new(dir) }).await.expect("PostgreSQL");
        server.stop().await.expect("a stop");
    }
    let cluster = std::fs::metadata(dir.join("postgres")).expect("a cluster");
    for file in ["server.pem", "server.crt", "server.key"].map(|name| files.join(name)) {
        if !file.exists() {
            continue;
        }
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        std::os::unix::fs::chown(&file, Some(cluster.uid()), Some(cluster.gid())).expect("an owner");
    }
}

/// Whether the server can be reached by this URL.
async fn reaches(url: &str) -> Result<(), String> {
    let target: Target = url.parse().map_err(|error: portcullis::db::BadUrl| error.to_string())?;
    // One try, whatever the reason: requests would wait for what may pass by itself.
    target.place(std::time::Duration::from_secs(10)).await.map(drop).map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mode_accepts_what_it_should_and_nothing_else() {
    let dir = watched_dir("tls");
    let files = watched_dir("certificates");
    certificates(&files);
    own_by_the_databases_user(&dir, &files).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    let file = |name: &str| files.join(name).to_str().expect("UTF-8").to_owned();
    let settings = [
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("port", port.to_string()),
        ("ssl", "on".to_owned()),
        ("ssl_cert_file", file("server.pem")),
        ("ssl_key_file", file("server.key")),
    ];
    let settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let server =
        Embedded::start(Options { download: false, settings, ..Options::new(&dir) }).await.expect("PostgreSQL");
    let credentials = server.url().split('@').next().expect("credentials").to_owned();
    let url = |host: &str, query: &str| format!("{credentials}@{host}:{port}/portcullis?{query}");
    let root = format!("&sslrootcert={}", file("authority.pem"));

    for query in ["sslmode=disable", "sslmode=prefer", "sslmode=require", ""] {
        assert_eq!(reaches(&url("127.0.0.1", query)).await, Ok(()), "{query}");
    }
    assert_eq!(reaches(&url("localhost", &format!("sslmode=verify-full{root}"))).await, Ok(()));
    assert_eq!(
        reaches(&url("127.0.0.1", &format!("sslmode=verify-ca{root}"))).await,
        Ok(()),
        "the name is not looked at"
    );
    let error = reaches(&url("127.0.0.1", &format!("sslmode=verify-full{root}"))).await.expect_err("another name");
    assert!(error.contains("not valid for name"), "{error}");
    for mode in ["verify-ca", "verify-full"] {
        let error = reaches(&url("localhost", &format!("sslmode={mode}"))).await.expect_err("an unknown authority");
        assert!(error.contains("certificate"), "{error}");
    }
    server.stop().await.expect("a stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_refused_where_tls_is_required() {
    let dir = watched_dir("no-tls");
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    let settings = vec![("listen_addresses".into(), "127.0.0.1".into()), ("port".into(), port.to_string())];
    let server =
        Embedded::start(Options { download: false, settings, ..Options::new(&dir) }).await.expect("PostgreSQL");
    let credentials = server.url().split('@').next().expect("credentials").to_owned();
    let url = |mode: &str| format!("{credentials}@127.0.0.1:{port}/portcullis?sslmode={mode}");
    assert_eq!(reaches(&url("prefer")).await, Ok(()));
    let error = reaches(&url("require")).await.expect_err("a server without TLS");
    assert!(error.contains("TLS"), "{error}");
    server.stop().await.expect("a stop");
}
