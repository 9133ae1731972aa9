//! The real Prometheus, which scrapes a server and evaluates expressions.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use super::cluster::watched_dir;

/// A running Prometheus. It ends when dropped, and at the latest with the test process.
pub(crate) struct Prometheus {
    child: Child,
    url: String,
    http: reqwest::Client,
}

/// Whether Prometheus and its promtool are installed. If not, the test prints that and ends, or fails where no test may be left out.
pub(crate) fn is_installed_or_explain() -> bool {
    let is_there =
        |program| Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    let both = is_there("prometheus") && is_there("promtool");
    if !both {
        assert!(std::env::var_os("PORTCULLIS_TEST_ALL").is_none(), "prometheus is not installed");
        eprintln!("NOT TESTED: there is no prometheus on this machine (Debian: apt-get install prometheus)");
    }
    both
}

/// Runs promtool in the directory of our rules.
pub(crate) fn promtool(arguments: &[&str]) -> Output {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/prometheus");
    Command::new("promtool").args(arguments).current_dir(rules).output().expect("promtool runs")
}

impl Prometheus {
    /// One that scrapes this address each second, as the job `portcullis`, and evaluates our rules as often.
    pub(crate) fn scraping(address: &str) -> Self {
        let dir = watched_dir("prometheus");
        let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/prometheus/portcullis.rules.yml");
        let config = serde_json::json!({
            "global": { "scrape_interval": "1s", "evaluation_interval": "1s" },
            "rule_files": [rules],
            "scrape_configs": [{ "job_name": "portcullis", "static_configs": [{ "targets": [address] }] }],
        });
        // What is JSON is YAML.
        fs::write(dir.join("prometheus.yml"), config.to_string()).expect("a file");
        let mut child = Command::new("prometheus")
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address=127.0.0.1:0"])
            .current_dir(&dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("prometheus runs");
        let mut lines = BufReader::new(child.stderr.take().expect("a log")).lines();
        let mut log = String::new();
        let address = lines.find_map(|line| {
            let line = line.expect("a line");
            log.push_str(&line);
            line.contains("msg=\"Listening on\"").then(|| line.split("address=").nth(1).expect("an address").to_owned())
        });
        let address = address.unwrap_or_else(|| panic!("it ended: {log}"));
        // It must not wait for a reader of its log.
        std::thread::spawn(move || lines.for_each(drop));
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { child, url: format!("http://{}/api/v1", address.trim()), http }
    }

    /// The data of an answer of its API, or the error.
    pub(crate) async fn ask(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, String> {
        let asked = self.http.get(format!("{}/{path}", self.url)).query(query).send().await;
        let text = asked.map_err(|error| error.to_string())?.text().await.map_err(|error| error.to_string())?;
        // It listens before it has read its data, and refuses until then, in plain text.
        let mut answer: Value = serde_json::from_str(&text).map_err(|_| text)?;
        match answer["status"].as_str() {
            Some("success") => Ok(answer["data"].take()),
            _ => Err(answer["error"].to_string()),
        }
    }

    /// The names of the metrics that it has scraped by now.
    pub(crate) async fn names(&self) -> BTreeSet<String> {
        let names = self.ask("label/__name__/values", &[]).await.expect("names");
        serde_json::from_value(names).expect("names")
    }

    /// The values of an expression now.
    pub(crate) async fn values(&self, expression: &str) -> Result<Vec<Value>, String> {
        let data = self.ask("query", &[("query", expression)]).await?;
        Ok(data["result"].as_array().expect("a vector").clone())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
