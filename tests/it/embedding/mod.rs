//! An application that has the library in its own process: `examples/embed.rs`, and what else such an application may do.

mod example;
mod fields;
mod in_process;
mod refused;
mod stopping;

#[path = "../../../examples/embed.rs"]
#[expect(dead_code, reason = "its main starts it with the settings of the environment")]
mod embed;

use portcullis::Config;
use portcullis::poem::Endpoint;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::support::Client;
use crate::support::app::SECRET;
use crate::support::database::TestDatabase;

/// The settings of an application on this database, cheap in hashing, with what else it sets.
pub(super) fn config(database: &TestDatabase, settings: &[(&str, &str)]) -> Config {
    let own = [
        ("DATABASE_URL", database.url.as_str()),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", "64"),
        ("PORTCULLIS_ARGON2_ITERATIONS", "1"),
        ("PORTCULLIS_RATE_LIMITS", "off"),
        ("PORTCULLIS_DATABASE_TIMEOUT", "30s"),
        ("PORTCULLIS_ISSUER", "http://localhost:8080/auth"),
    ];
    let own = own.into_iter().filter(|(name, _)| !settings.iter().any(|(set, _)| set == name));
    Config::from_settings(own.chain(settings.iter().copied())).expect("settings of the test")
}

/// An application that serves, and who may stop it.
pub(super) struct Served {
    pub(super) url: String,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) task: tokio::task::JoinHandle<()>,
}

impl Served {
    /// The example.
    pub(super) async fn example(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async {
            embed::serve(config, listener, async { _ = stopped.await }).await.expect("an application");
        });
        Self { url, stop, task }
    }

    /// An application on poem's own server, which stops when `stopping` of its signal is done.
    pub(super) async fn by_poem<F: Future<Output = ()> + Send + 'static>(
        app: impl Endpoint + 'static,
        stopping: impl FnOnce(oneshot::Receiver<()>) -> F,
    ) -> Self {
        use portcullis::poem::listener::TcpAcceptor;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        listener.set_nonblocking(true).expect("a socket");
        let acceptor = TcpAcceptor::from_std(listener).expect("an acceptor");
        let (stop, stopped) = oneshot::channel();
        let signal = stopping(stopped);
        let task = tokio::spawn(async {
            let server = portcullis::poem::Server::new_with_acceptor(acceptor);
            server.run_with_graceful_shutdown(app, signal, None).await.expect("a server");
        });
        Self { url, stop, task }
    }

    /// Somebody at the routes that are nested below this path.
    pub(super) fn client(&self, prefix: &str) -> Client {
        Client::new(format!("{}{prefix}/graphql", self.url))
    }
}
