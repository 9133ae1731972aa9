//! SMTP (RFC 5321). lettre speaks it; the connections that wait for the next mail are kept here, because lettre's own pool takes
//! one back that was given up in the middle of a mail.

mod connection;
mod fault;

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters, TlsParametersBuilder};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use self::connection::Connection;
use self::fault::Fault;
use super::{Formatted, Refused, cut, redacted};
use crate::config::{SmtpServer, SmtpTls};
use crate::error::Error;

/// Longest time that an attempt takes as a whole.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(90);

/// How long a connection waits for the next mail. Servers close it after a time of their own.
const IDLE: Duration = Duration::from_secs(30);

/// How many connections wait at most.
const WAITING: usize = 10;

/// The mail server.
pub(crate) struct Smtp {
    server: Server,
    password: Option<SecretString>,
    waiting: Mutex<Vec<Connection>>,
    /// Whether it was logged that the server can't be used.
    is_down: AtomicBool,
}

/// Where it is, and how it is spoken to.
struct Server {
    host: String,
    port: u16,
    mode: SmtpTls,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    greeting: ClientId,
}

impl Smtp {
    /// Opens no connection yet.
    ///
    /// # Errors
    /// When there are no certificates to trust.
    pub(super) fn new(settings: &SmtpServer) -> Result<Self, Error> {
        let SmtpServer { host, port, tls: mode, credentials, greeting, roots } = settings;
        let tls = (*mode != SmtpTls::None).then(|| tls(host, roots.as_deref())).transpose()?;
        let server = Server {
            host: host.clone(),
            port: *port,
            mode: *mode,
            tls,
            credentials: credentials
                .as_ref()
                .map(|(user, password)| Credentials::new(user.clone(), password.expose_secret().to_owned())),
            greeting: greeting.clone().map_or_else(ClientId::default, ClientId::Domain),
        };
        let password = credentials.as_ref().map(|(_, password)| password.clone());
        Ok(Self { server, password, waiting: Mutex::default(), is_down: AtomicBool::new(false) })
    }

    /// Hands the mail over.
    pub(super) async fn send(&self, letter: &Formatted) -> Result<(), Refused> {
        let has_begun = AtomicBool::new(false);
        match timeout(ATTEMPT, self.attempt(letter, &has_begun)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let why = format!("the mail server took longer than {ATTEMPT:?}");
                // What is slow from the recipient's address on may be the recipient's own server, which ours asks.
                Err(if has_begun.into_inner() { Refused::ForNow(why) } else { Refused::Unreached(why) })
            }
        }
    }

    async fn attempt(&self, letter: &Formatted, has_begun: &AtomicBool) -> Result<(), Refused> {
        let mut connection = self.begin(letter).await?;
        has_begun.store(true, Ordering::Relaxed);
        let (outcome, is_recipient) = match connection.address(&letter.recipient).await {
            Ok(()) => (connection.deliver(&letter.text).await, false),
            refused => (refused, true),
        };
        let Err(fault) = outcome else {
            self.keep(connection);
            return Ok(());
        };
        if fault.is_answer() && connection.reset().await.is_ok() {
            self.keep(connection);
        }
        let is_for_good = fault.is_for_good(is_recipient);
        let text = self.tell(fault);
        Err(if is_for_good { Refused::ForGood(text) } else { Refused::ForNow(text) })
    }

    /// A connection on which the mail has begun: one that waits, or a new one if none is sound.
    async fn begin(&self, letter: &Formatted) -> Result<Connection, Refused> {
        if let Some(mut waiting) = self.take() {
            if waiting.begin(&letter.sender).await.is_ok() {
                return Ok(waiting);
            }
            // The server may have been restarted: then the others are as dead.
            self.waiting().clear();
        }
        let begun = async {
            let mut connection = Connection::open(&self.server).await?;
            connection.begin(&letter.sender).await?;
            Ok(connection)
        };
        match begun.await {
            Ok(connection) => {
                if self.is_down.swap(false, Ordering::AcqRel) {
                    tracing::info!("the mail server takes mails again");
                }
                Ok(connection)
            }
            // Whatever it is, it is the same for every mail, and an operator can mend it.
            Err(fault) => {
                let error = cut(self.tell(fault));
                if !self.is_down.swap(true, Ordering::AcqRel) {
                    tracing::warn!(error, "the mail server can't be used: mails wait until it can");
                }
                Err(Refused::Unreached(error))
            }
        }
    }

    /// What the server said, without the password.
    fn tell(&self, fault: Fault) -> String {
        let encode = |text: &str| STANDARD.encode(text);
        let Some(password) = self.password.as_ref().map(ExposeSecret::expose_secret) else {
            return redacted(&fault.text, []);
        };
        let plain = self.server.credentials.as_ref().map(|it| Mechanism::Plain.response(it, None).unwrap_or_default());
        let secrets = [password.to_owned(), encode(password), encode(&plain.unwrap_or_default())];
        redacted(&fault.text, secrets.iter().map(String::as_str))
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Connection> {
        self.waiting().pop().filter(|connection| connection.idle() < IDLE)
    }

    fn keep(&self, mut connection: Connection) {
        connection.rest();
        let mut waiting = self.waiting();
        if waiting.len() < WAITING {
            waiting.push(connection);
        }
    }

    /// Closes connections that have waited too long.
    pub(super) fn tidy(&self) {
        let old: Vec<_> = self.waiting().extract_if(.., |connection| connection.idle() >= IDLE).collect();
        for connection in old {
            tokio::spawn(connection.close());
        }
    }
}

/// What is trusted: the certificates in the file, or the system's.
fn tls(host: &str, roots: Option<&Path>) -> Result<TlsParameters, Error> {
    let fault = |why: String| Error::internal(format!("PORTCULLIS_SMTP_URL: {why}"));
    let builder = match roots {
        Some(path) => {
            let pem = std::fs::read(path).map_err(|error| fault(format!("sslrootcert can't be read: {error}")))?;
            let none = || fault("sslrootcert holds no certificates".to_owned());
            let certificates: Vec<_> =
                CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|_| none())?;
            if certificates.is_empty() {
                return Err(none());
            }
            let builder = TlsParametersBuilder::new(host.to_owned()).certificate_store(CertificateStore::None);
            certificates.into_iter().try_fold(builder, |builder, certificate| {
                Ok::<_, Error>(
                    builder.add_root_certificate(Certificate::from_der(certificate.to_vec()).map_err(|_| none())?),
                )
            })?
        }
        None if rustls_native_certs::load_native_certs().certs.is_empty() => {
            let why = "this system has no certificates to trust; sslrootcert names a file of them";
            return Err(fault(why.to_owned()));
        }
        None => TlsParametersBuilder::new(host.to_owned()),
    };
    builder.build_rustls().map_err(|error| fault(format!("TLS can't be set up: {error}")))
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Smtp({}:{})", self.server.host, self.server.port)
    }
}
