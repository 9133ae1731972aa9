//! All that a server tells its operator: the log, spans of traces, and metrics.

use super::app::SECRET;
use super::collector::Collector;
use super::process::Server;
use crate::metrics;

/// A running server that tells all that it can.
pub(crate) struct Telling {
    pub(crate) server: Server,
    collector: Collector,
}

/// What it told until its end.
pub(crate) struct Told {
    pub(crate) log: String,
    collector: Collector,
    metrics: String,
}

impl Telling {
    /// Starts one on this database, with more settings.
    pub(crate) async fn start(database: &str, more: &[(&str, &str)]) -> Self {
        let collector = Collector::start().await;
        let environment = [
            ("DATABASE_URL", database),
            ("PORTCULLIS_SECRET", SECRET),
            ("PORTCULLIS_LOG", "trace"),
            ("PORTCULLIS_OTLP_ENDPOINT", collector.url.as_str()),
            ("PORTCULLIS_METRICS_LISTEN", "127.0.0.1:0"),
        ];
        Self { server: Server::start(&[&environment[..], more].concat()), collector }
    }

    /// Stops it, and makes sure that each request is told of in all three.
    pub(crate) async fn stop(self) -> Told {
        let url = format!("http://{}/metrics", metrics::address(&self.server).await);
        let answer = self.server.client().http.get(url).send().await.expect("an answer");
        let metrics = answer.text().await.expect("a text");
        let told = Told { log: self.server.stop(), collector: self.collector, metrics };
        let measured =
            told.metrics.lines().filter(|line| line.starts_with("portcullis_http_request_duration_seconds_count{"));
        let measured = measured.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum::<usize>();
        assert_eq!(told.requests(), measured, "{}", told.metrics);
        let mut logged: Vec<_> = told.log.lines().filter(|line| line.contains("route=")).filter_map(id).collect();
        let spans = told.collector.spans();
        let mut traced: Vec<_> = spans.iter().filter_map(|span| span.find("request.id")).collect();
        logged.sort_unstable();
        traced.sort_unstable();
        assert_eq!(logged, traced);
        let (statements, rest): (Vec<_>, Vec<_>) = spans.iter().partition(|span| span.find("db.system.name").is_some());
        let operations = rest.iter().filter(|span| span.find("http.route").is_none()).count();
        assert!(operations > 0 && !statements.is_empty(), "{spans:#?}");
        told
    }
}

/// The id of the request that a line is of.
fn id(line: &str) -> Option<&str> {
    line.split_once("request{id=\"")?.1.split('"').next()
}

impl Told {
    /// How many requests it tells of.
    pub(crate) fn requests(&self) -> usize {
        self.log.lines().filter(|line| line.contains("route=")).count()
    }

    /// Asserts that this stands nowhere in it.
    pub(crate) fn lacks(&self, secret: &str) {
        assert_eq!(self.log.lines().find(|line| line.contains(secret)), None, "{secret} is logged");
        if self.collector.has(secret) {
            let spans = self.collector.spans();
            let span = spans.iter().find(|span| format!("{span:?}").contains(secret));
            panic!("{secret} is exported: {span:?}");
        }
        // A value is a number, and may have the digits of a code.
        let mut series = self.metrics.lines().map(|line| line.rsplit_once(' ').map_or(line, |(series, _)| series));
        assert_eq!(series.find(|series| series.contains(secret)), None, "{secret} is measured");
    }
}
