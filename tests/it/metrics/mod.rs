//! `/metrics`: what an instance measures, on a listener of its own.

mod bounded;
mod counted;
mod database;
mod feed;
mod given_up;
mod limits;
mod listener;
mod mails;
mod prometheus;
mod tasks;

use crate::support::process::Server;
use crate::support::{TestApp, until};

/// A server that measures, and what asks it.
struct Measured {
    app: TestApp,
    url: String,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Measured {
    async fn with(flags: &[&str]) -> Self {
        Self::of(TestApp::with(&[&["--metrics-listen=127.0.0.1:0"], flags].concat()).await).await
    }

    /// This server, which measures.
    async fn of(app: TestApp) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/metrics", listener.local_addr().expect("an address"));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        tokio::spawn(portcullis::http::serve_metrics(app.app.clone(), listener, async {
            let _ = stopped.await;
        }));
        Self { app, url, _stop: stop }
    }

    /// The text that Prometheus gets.
    async fn scrape(&self) -> String {
        let answer = self.app.anonymous().http.get(&self.url).send().await.expect("an answer");
        assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        answer.text().await.expect("a text")
    }

    /// The value of a series, as it is written in the text.
    async fn value(&self, series: &str) -> Option<f64> {
        let text = self.scrape().await;
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map(|value| value.parse().expect("a number"))
    }

    /// How often a root field was answered so.
    async fn results(&self, field: &str, result: &str) -> f64 {
        let series = format!("portcullis_graphql_results_total{{field=\"{field}\",result=\"{result}\"}}");
        self.value(&series).await.unwrap_or_default()
    }
}

/// Where a server says that it serves them.
pub(crate) async fn address(server: &Server) -> String {
    let found = || -> Option<String> {
        let log = server.log();
        let (_, rest) = log.split_once("metrics are served")?.1.split_once("address=")?;
        Some(rest.lines().next()?.split_whitespace().next()?.to_owned())
    };
    until("metrics are served", async || found().is_some()).await;
    found().expect("an address")
}
