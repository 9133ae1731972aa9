//! A server in between, which shows the database's certificate and has not its key.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::made::ALL;
use super::reaches;
use crate::support::cluster::watched_dir;

#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// Answers as PostgreSQL does until TLS is spoken, with this certificate and that key. Returns its port.
async fn imposter(certificate: &Path, key: &Path, version: &'static SupportedProtocolVersion) -> u16 {
    let certificates =
        CertificateDer::pem_file_iter(certificate).expect("a file").map(|der| der.expect("a certificate"));
    let key = any_supported_type(&PrivateKeyDer::from_pem_file(key).expect("a key")).expect("a key that signs");
    let shown = Shown(Arc::new(CertifiedKey::new(certificates.collect(), key)));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider())).with_protocol_versions(&[version]);
    let config = config.expect("a version").with_no_client_auth().with_cert_resolver(Arc::new(shown));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let asked = async {
                socket.read_exact(&mut [0; 8]).await?;
                socket.write_all(b"S").await
            };
            if asked.await.is_ok()
                && let Ok(mut stream) = acceptor.accept(socket).await
            {
                // Whoever gets here sends the user's name, and would send the password.
                _ = stream.read(&mut [0; 99]).await;
            }
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_not_the_key_of_the_certificate_is_refused_in_each_mode() {
    for name in ["the manual's self-signed", "the manual's root and server", "alternative name", "P-384", "Ed25519"] {
        let files = watched_dir("imposter");
        let made = ALL.iter().find(|made| made.name == name).expect("a certificate");
        made.make(&files);
        let true_key = files.join("server.key");
        let (another, kind) = (
            files.join("another.key"),
            match name {
                "P-384" => "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
                "Ed25519" => "-algorithm ED25519",
                _ => "-algorithm RSA",
            },
        );
        let make = format!("openssl genpkey {kind} -out another.key");
        let made = std::process::Command::new("sh").args(["-c", &make]).current_dir(&files).output().expect("openssl");
        assert!(made.status.success());
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            let root = files.join("root.crt");
            for mode in ["sslmode=require".to_owned(), format!("sslmode=verify-ca&sslrootcert={}", root.display())] {
                let url = |port: u16| format!("postgres://u:p@db.example.com:{port}/d?hostaddr=127.0.0.1&{mode}");
                let error = reaches(&url(imposter(&files.join("server.crt"), &another, version).await)).await;
                let error = error.expect_err("a server without the key");
                assert!(error.contains("TLS handshake") && error.contains("ignature"), "{name}, {mode}: {error}");
                // The same with the key gets past the handshake.
                let error = reaches(&url(imposter(&files.join("server.crt"), &true_key, version).await)).await;
                let error = error.expect_err("no PostgreSQL");
                assert!(!error.contains("TLS handshake"), "{name}, {mode}: {error}");
            }
        }
    }
}
