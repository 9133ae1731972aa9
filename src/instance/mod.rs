//! A running instance, which the server's own binary runs, or an application mounts in its own process.

mod builder;
mod endpoint;
mod error;
mod in_process;
pub mod open;
mod sender;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use async_graphql::{Request, Response};
use poem::Endpoint;
use poem::http::HeaderMap;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tracing::Span;
use uuid::Uuid;

use crate::app::{App, SignedIn};
use crate::background::Background;
use crate::config::Config;
use crate::db::embedded::Embedded;
use crate::error::Error;
use crate::graphql::error::unavailable;
use crate::graphql::operations::Operations;
use crate::http::{self, Shutdown};
use crate::telemetry::request_span;
use crate::traces::within;
use crate::use_cases::authenticate::authenticate;

pub use crate::graphql::host::NoFields;
pub use builder::Builder;
pub use error::{NotSignedIn, StartError};
pub use sender::Sender;

use endpoint::{InFlight, Running};

/// A running instance of Portcullis. Cheap to clone: all clones are one instance.
///
/// It ends with [`stop`](Self::stop), which writes what waits to be written. If the last clone and the last of its
/// routes are dropped without that, its tasks end all the same, and so does a private PostgreSQL, for which the drop
/// waits.
#[derive(Clone)]
pub struct Portcullis(Arc<Parts>);

struct Parts {
    app: Arc<App>,
    operations: Arc<Operations>,
    shutdown: Shutdown,
    is_stopped: AtomicBool,
    background: std::sync::Mutex<Option<Background>>,
    private: Mutex<Option<Embedded>>,
}

impl Portcullis {
    /// Starts an instance whose schema is that of the server.
    ///
    /// # Errors
    /// The errors of [`Builder::start`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::builder(config).start().await
    }

    /// An instance to which fields can be added before it starts.
    pub fn builder(config: Config) -> Builder {
        Builder::new(config)
    }

    fn new(app: Arc<App>, operations: Arc<Operations>, background: Background, private: Option<Embedded>) -> Self {
        Self(Arc::new(Parts {
            app,
            operations,
            shutdown: Shutdown::default(),
            is_stopped: AtomicBool::new(false),
            background: std::sync::Mutex::new(Some(background)),
            private: Mutex::new(private),
        }))
    }

    /// All routes of the server, to be served as they are or nested below a path: `/graphql`, `/health/ready`, `/revocations`,
    /// `/.well-known/jwks.json` and, where it is switched on, GraphiQL at `/`. With all that surrounds them: limits, security headers,
    /// CORS, cookies, the log line of each request. Nested below a path, that path is to be the issuer's (`PORTCULLIS_ISSUER`).
    ///
    /// The client's address is that of the connection, or whom `PORTCULLIS_TRUSTED_PROXIES` names.
    #[must_use]
    pub fn routes(&self) -> impl Endpoint<Output = poem::Response> + use<> {
        let Parts { app, operations, shutdown, .. } = &*self.0;
        Running::new(self, http::endpoints::routes(app, operations.clone(), shutdown))
    }

    /// The discovery document (RFC 8414) and the path at which it is looked up. For an issuer with a path that is at the root of the
    /// host, beside the routes that are nested below the path: `/.well-known/oauth-authorization-server/auth`.
    #[must_use]
    pub fn discovery(&self) -> (String, impl Endpoint<Output = poem::Response> + use<>) {
        let (path, endpoint) = http::endpoints::discovery(&self.0.app, &self.0.shutdown);
        (path, Running::new(self, endpoint))
    }

    /// Executes an operation as if it had come over HTTP from this sender, with the same guard, bounds, limits of
    /// attempts and errors. Only the limit on whole requests does not apply, and there are no cookies: use
    /// `transport: BODY`.
    ///
    /// A document may be named by `extensions.persistedQuery`, as over HTTP. Where only registered documents are
    /// permitted, only those are executed.
    pub async fn execute(&self, request: impl Into<Request>, sender: &Sender) -> Response {
        let id = Uuid::new_v4().to_string();
        if self.is_stopped() {
            return unavailable();
        }
        let execution = in_process::execute(&self.0.operations, request.into(), sender.requester(&id), &id);
        within(request_span(&id, &Span::current()), execution).await
    }

    /// The caller of a request with these headers, if the access token in `Authorization` is valid. This is for an
    /// application's own routes, or its own GraphQL schema. A poem handler may take a [`Caller`](crate::Caller)
    /// instead.
    ///
    /// # Errors
    /// When nobody is signed in, with the reason, or when that can't be found out.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<SignedIn, NotSignedIn> {
        if self.is_stopped() {
            return Err(NotSignedIn::Unavailable);
        }
        authenticate(&self.0.app, &http::credential(headers)).await.map_err(|error| match error {
            Error::Unauthenticated(reason) => NotSignedIn::Unauthenticated(reason),
            error => {
                tracing::error!(%error, causes = error.causes(), at = error.at(), "a caller can't be verified");
                NotSignedIn::Unavailable
            }
        })
    }

    /// Serves the routes with the server's own loop, which limits connections and has timeouts for slow clients,
    /// until `stop` is done. Then it waits until no request is in flight, or the grace period of the settings is
    /// over, accepts no more connections and ends.
    ///
    /// # Errors
    /// When the listener has no address.
    pub async fn serve(&self, listener: TcpListener, stop: impl Future<Output = ()>) -> std::io::Result<()> {
        let (app, shutdown) = (self.0.app.clone(), self.0.shutdown.clone());
        http::server::serve(app, self.routes(), shutdown, listener, stop).await
    }

    /// Serves `/metrics` for Prometheus on a listener of its own, which clients must not reach, until `stop` is done. Nothing is
    /// measured without the setting `PORTCULLIS_METRICS_LISTEN`.
    ///
    /// # Errors
    /// When the listener has no address.
    pub async fn serve_metrics(&self, listener: TcpListener, stop: impl Future<Output = ()>) -> std::io::Result<()> {
        http::serve_metrics(self.0.app.clone(), listener, stop).await
    }

    /// The same for an application in which the routes are nested.
    ///
    /// # Errors
    /// The errors of [`serve`](Self::serve).
    pub async fn serve_app(
        &self,
        app: impl Endpoint + 'static,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        let (parts, shutdown) = (self.0.app.clone(), self.0.shutdown.clone());
        http::server::serve(parts, InFlight::new(app, shutdown.clone()), shutdown, listener, stop).await
    }

    /// For an application with a server of its own: the graceful shutdown of that server waits for this. When
    /// `signal` is done, the instance is no longer ready, and its streams end. This is done when none of its requests
    /// is in flight, or the grace period of the settings is over.
    pub fn drained_after<F: Future<Output = ()>>(&self, signal: F) -> impl Future<Output = ()> + use<F> {
        let (shutdown, grace) = (self.0.shutdown.clone(), self.0.app.config.shutdown_grace);
        async move {
            signal.await;
            shutdown.drain(grace).await;
        }
    }

    /// Returns when the private PostgreSQL has ended by itself. The process should then end as well and be started
    /// again. Without a private PostgreSQL, or when the instance stops, this never returns.
    pub async fn database_lost(&self) {
        let lost = async {
            match self.0.private.lock().await.as_mut() {
                Some(private) => private.exited().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = lost => return,
            () = self.0.shutdown.told() => {}
        }
        std::future::pending().await
    }

    /// Ends the instance: its tasks, which write what waits to be written, and the private PostgreSQL if there is
    /// one. Call this when nothing is served any more. Later requests are answered with `SERVICE_UNAVAILABLE`. A
    /// second call does nothing.
    ///
    /// # Errors
    /// When the private PostgreSQL does not end properly.
    pub async fn stop(&self) -> Result<(), StartError> {
        self.0.shutdown.tell();
        self.0.is_stopped.store(true, Ordering::Release);
        let background = self.0.background.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(background) = background {
            background.stop().await;
        }
        self.0.app.close();
        if let Some(private) = self.0.private.lock().await.take() {
            private.stop().await?;
        }
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        self.0.is_stopped.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Portcullis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Portcullis({})", self.0.app.config.issuer)
    }
}
