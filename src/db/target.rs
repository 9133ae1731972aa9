//! The address of a database, and how to connect to it.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use diesel_async::AsyncPgConnection;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{CancelToken, Client, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::causes::describe;
use super::pooled;
use super::tls::{self, Verification};
use super::unopened::{Unopened, Why};
use crate::clock::moment;
use crate::error::Error;

/// Longest time for opening a connection when the URL names none.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The pause between two tries at a start.
const PAUSE: Duration = Duration::from_millis(250);

/// The address of a database with its credentials and its TLS rules. Prints neither.
#[derive(Clone)]
pub struct Target {
    config: Arc<tokio_postgres::Config>,
    tls: Arc<rustls::ClientConfig>,
    pooled: bool,
    patience: Duration,
    /// When the patience is over.
    deadline: Instant,
}

/// The stream of a connection.
type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// What is wrong with a database URL. Never shows its password.
#[derive(Debug, thiserror::Error)]
pub enum BadUrl {
    /// It is not a PostgreSQL URL.
    #[error("it does not start with postgres:// or postgresql://")]
    Scheme,
    /// It can't be parsed, or has an option that is not known.
    #[error("{0}")]
    Syntax(String),
    /// There is no such mode.
    #[error("sslmode is one of disable, prefer, require, verify-ca and verify-full")]
    SslMode,
    /// A mode that would accept any certificate of a public authority.
    #[error("without a file in sslrootcert any certificate of a public authority would pass: set sslmode=verify-full")]
    PublicRoots,
    /// A mode that verifies no certificate. libpq verifies in `prefer`, and goes on without TLS where that fails.
    #[error("sslrootcert would not be looked at in this mode: set sslmode=verify-full, or leave it out")]
    RootUnused,
    /// The certificates to trust can't be read.
    #[error("sslrootcert: {0}")]
    RootCertificate(String),
}

impl Target {
    /// The connection string's address, without user, password and options.
    #[must_use]
    pub fn address(&self) -> String {
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            #[cfg(unix)]
            Some(Host::Unix(path)) => path.display().to_string(),
            None => "localhost".to_owned(),
        };
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        format!("{host}:{port}/{}", self.config.get_dbname().unwrap_or_default())
    }

    /// The same target, marked as one behind a pooler that lends a server connection for one transaction at a time,
    /// such as PgBouncer in transaction mode.
    #[must_use]
    pub fn pooled(self) -> Self {
        Self { pooled: true, ..self }
    }

    /// Whether connections go through a pooler, so that nothing outlives a transaction.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        self.pooled
    }

    /// Opens a connection. On one that [is pooled](Self::is_pooled) a statement that is prepared needs a transaction.
    pub(super) async fn connect(&self) -> Result<AsyncPgConnection, Unopened> {
        let (client, connection) = self.open().await?;
        self.set_up(client, connection).await
    }

    /// The same at a start, with the retries of [`open_patiently`](Self::open_patiently).
    pub(super) async fn connect_patiently(&self) -> Result<AsyncPgConnection, Error> {
        let (client, connection) = self.open_patiently().await?;
        Ok(self.set_up(client, connection).await?)
    }

    async fn set_up(
        &self,
        client: Client,
        connection: Connection<Socket, Stream>,
    ) -> Result<AsyncPgConnection, Unopened> {
        if self.pooled {
            return Ok(pooled::set_up(client, connection).await?);
        }
        Ok(AsyncPgConnection::try_from_client_and_connection(client, connection).await?)
    }

    /// Opens a connection on which no statement has run yet.
    pub(super) async fn open(&self) -> Result<(Client, Connection<Socket, Stream>), Unopened> {
        let tls = MakeRustlsConnect::new((*self.tls).clone());
        Ok(self.config.connect(tls).await?)
    }

    /// Asks the server to end the statement that runs on a connection. The server does not answer whether it does.
    pub(super) async fn cancel(&self, token: CancelToken) {
        _ = token.cancel_query(MakeRustlsConnect::new((*self.tls).clone())).await;
    }

    /// The same target. From now on, connections at a start are retried for `patience` in total.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, deadline: moment() + patience, ..self }
    }

    /// Opens a connection as [`open`](Self::open) does, and tries again while that may help. Each try has at least
    /// the URL's `connect_timeout`, even when the patience is over.
    pub(super) async fn open_patiently(&self) -> Result<(Client, Connection<Socket, Stream>), Error> {
        let least = self.config.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT);
        let mut told = false;
        loop {
            let longest = (self.deadline - moment()).clamp(least, 2 * least);
            let unopened = match timeout(longest, self.open()).await {
                Ok(Ok(opened)) => return Ok(opened),
                Ok(Err(unopened)) => unopened,
                Err(_) => Unopened::late(longest),
            };
            if unopened.why == Why::Wrong || moment() + PAUSE > self.deadline {
                return Err(unopened.into());
            }
            if !told {
                let address = self.address();
                tracing::warn!(why = %unopened, "waiting for the database at {address}, {:?} at the most", self.patience);
                told = true;
            }
            sleep(PAUSE).await;
        }
    }
}

impl FromStr for Target {
    type Err = BadUrl;

    /// Reads `postgres://user:password@host:port/database?option=value`; `sslmode` and `sslrootcert` mean what they mean to
    /// libpq (PostgreSQL documentation, section 34.1.2), except that the mode `allow` does not exist.
    fn from_str(url: &str) -> Result<Self, BadUrl> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(BadUrl::Scheme);
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        if query.contains(['?', '@']) {
            return Err(BadUrl::Syntax(
                "a ? or @ in the user, password or an option is written as %3F or %40".to_owned(),
            ));
        }
        let (mut mode, mut root, mut rest) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match url::form_urlencoded::parse(pair.as_bytes()).next() {
                Some((name, value)) if name == "sslmode" => mode = Some(value.into_owned()),
                Some((name, value)) if name == "sslrootcert" => root = Some(value.into_owned()),
                _ => rest.push(pair),
            }
        }
        // Anybody can get a certificate of a public authority, so libpq also verifies the name if it trusts the
        // system's authorities.
        let system = root.as_deref() == Some("system");
        let default = if system { "verify-full" } else { "prefer" };
        let (ssl_mode, verification) = match mode.as_deref().unwrap_or(default) {
            "verify-full" => (SslMode::Require, Verification::ChainAndName),
            "verify-ca" if root.is_none() => return Err(BadUrl::PublicRoots),
            _ if system => return Err(BadUrl::PublicRoots),
            "disable" | "prefer" if root.is_some() => return Err(BadUrl::RootUnused),
            "disable" => (SslMode::Disable, Verification::None),
            "prefer" => (SslMode::Prefer, Verification::None),
            "require" if root.is_none() => (SslMode::Require, Verification::None),
            "require" | "verify-ca" => (SslMode::Require, Verification::Chain),
            _ => return Err(BadUrl::SslMode),
        };
        let mut config = tokio_postgres::Config::from_str(&format!("{base}?{}", rest.join("&")))
            .map_err(|error| BadUrl::Syntax(describe(&error)))?;
        match config.get_hosts() {
            [] => return Err(BadUrl::Syntax("it names no host".to_owned())),
            hosts if hosts.iter().any(|host| matches!(host, Host::Tcp(name) if name.contains('@'))) => {
                return Err(BadUrl::Syntax("an @ in the user or password is written as %40".to_owned()));
            }
            _ => config.ssl_mode(ssl_mode),
        };
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("portcullis");
        }
        let tls = tls::client_config(verification, root.as_deref()).map_err(BadUrl::RootCertificate)?;
        Ok(Self {
            config: Arc::new(config),
            tls: Arc::new(tls),
            pooled: false,
            patience: Duration::ZERO,
            deadline: moment(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        url.parse::<Target>().err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn an_address_shows_no_credentials() {
        let target: Target = "postgres://ada:hunter2@db.example:6432/auth?sslmode=require".parse().unwrap();
        assert_eq!(target.address(), "db.example:6432/auth");
    }

    #[test]
    fn bad_urls_are_named_without_their_password() {
        assert!(refusal("mysql://ada:hunter2@db/auth").contains("postgres://"));
        assert!(refusal("postgres://ada:hunter2@db/auth?sslmode=allow").contains("verify-full"));
        assert!(refusal("postgres://ada:hunter2@db:port/auth").contains("port"));
        assert!(refusal("postgres://ada:hunter2@db/auth?colour=red").contains("colour"));
        assert!(refusal("postgres://db/auth?sslmode=verify-full&sslrootcert=/nowhere.pem").contains("/nowhere.pem"));
        assert!(refusal("postgres://ada:hun@ter2@db/auth").contains("%40"));
        assert!(refusal("postgres://").contains("no host"));
        assert!(refusal("postgres://ada:hun?ter2@db/auth?sslmode=verify-full").contains("%3F"));
        assert!(refusal("postgres://db/auth?sslrootcert=system&sslmode=require").contains("verify-full"));
        assert!(refusal("postgres://db/auth?sslmode=verify-ca").contains("verify-full"));
        for query in
            ["sslrootcert=/root.crt", "sslmode=prefer&sslrootcert=/root.crt", "sslrootcert=/root.crt&sslmode=disable"]
        {
            assert!(refusal(&format!("postgres://db/auth?{query}")).contains("would not be looked at"), "{query}");
        }
        for url in
            ["postgres://ada:hun@hunter2@db/auth", "mysql://ada:hunter2@db/auth", "postgres://ada:hunter2@db:port/auth"]
        {
            assert!(!refusal(url).contains("hunter2"));
        }
    }
}
