//! The rules and the dashboard of `deploy/`, as the real Prometheus reads and evaluates them.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use super::address;
use crate::support::app::SECRET;
use crate::support::cluster::watched_dir;
use crate::support::database::TestDatabase;
use crate::support::process::Server;
use crate::support::prometheus::{Prometheus, is_installed_or_explain, promtool};
use crate::support::{PASSWORD, until};

const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy");

fn file(path: &str) -> String {
    fs::read_to_string(format!("{DEPLOY}/{path}")).expect("a file")
}

#[test]
fn promtool_finds_no_fault_in_the_rules_and_they_do_what_their_tests_say() {
    if !is_installed_or_explain() {
        return;
    }
    for arguments in [
        ["check", "rules", "portcullis.rules.yml"],
        ["check", "config", "prometheus.yml"],
        ["test", "rules", "portcullis.test.yml"],
    ] {
        let output = promtool(&arguments);
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        assert!(output.status.success() && !said.contains("duplicate"), "{said}");
    }
}

#[test]
fn each_alert_is_tested_and_names_a_page_that_exists() {
    let (rules, tests) = (file("prometheus/portcullis.rules.yml"), file("prometheus/portcullis.test.yml"));
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operating/alerts.md")).expect("a page");
    let alerts: Vec<_> = rules.split("- alert: ").skip(1).collect();
    assert!(!alerts.is_empty());
    for alert in alerts {
        let name = alert.lines().next().expect("a name").trim();
        let test = tests.split("  - name: ").find(|test| test.starts_with(&format!("{name}\n")));
        assert!(test.is_some_and(|test| test.contains("exp_annotations")), "{name} is not seen firing");
        assert!(tests.contains(&format!("  - name: {name}, quiet\n")), "{name} is not seen quiet");
        assert!(page.contains(&format!("`{name}`")), "{name} is not explained");
        for part in ["for: ", "severity: ", "summary: "] {
            assert!(alert.contains(part), "{name} has no {part}");
        }
        let named = alert.split("Read ").nth(1).and_then(|rest| rest.split(".md").next()).expect("a page to read");
        assert!(fs::exists(format!("{DEPLOY}/../{named}.md")).expect("a look"), "{name} names {named}");
    }
}

/// The expressions of the dashboard, with their variables filled in.
fn of_dashboard() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&file("grafana/portcullis.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels").iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().expect("targets"));
    let expressions = targets.map(|target| target["expr"].as_str().expect("an expression"));
    expressions.map(|text| text.replace("$__rate_interval", "1m").replace("$job", "portcullis")).collect()
}

/// The metrics of ours that an expression names, of which there are none of these names.
fn unknown<'a>(expression: &'a str, served: &BTreeSet<String>) -> Vec<&'a str> {
    let names = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    names.filter(|name| name.starts_with("portcullis_") && !served.contains(*name)).collect()
}

/// A server that has been used a little, and where its metrics are.
async fn used() -> (Server, String, TestDatabase) {
    let database = TestDatabase::new().await;
    let mails = watched_dir("mails").join("of/the/test");
    let server = Server::start(&[
        ("DATABASE_URL", database.url.as_str()),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", "64"),
        ("PORTCULLIS_METRICS_LISTEN", "127.0.0.1:0"),
        ("PORTCULLIS_MAIL_DIR", mails.to_str().expect("UTF-8")),
    ]);
    let address = address(&server).await;
    let anonymous = server.client();
    anonymous.try_register(json!({ "email": "ada@example.com", "password": PASSWORD })).await;
    for password in ["wrong", PASSWORD] {
        anonymous.try_login("ada@example.com", password).await;
    }
    (server, address, database)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_expression_is_evaluated_and_names_what_the_server_serves() {
    if !is_installed_or_explain() {
        return;
    }
    let (server, address, _database) = used().await;
    let prometheus = Prometheus::scraping(&address);
    // One scrape is not enough for a rate.
    until("two scrapes", async || {
        let scrapes = prometheus.values("count_over_time(portcullis_build_info[1m])").await.unwrap_or_default();
        scrapes.first().is_some_and(|scrapes| scrapes["value"][1] != "1")
    })
    .await;
    let invented = unknown("rate(portcullis_invented_total[5m]) / up", &prometheus.names().await);
    assert_eq!(invented, ["portcullis_invented_total"]);

    let dashboard = of_dashboard();
    assert!(dashboard.len() > 10);
    // Some are served as soon as a task has run for the first time.
    let serves = async |expression: &str| {
        let what = format!("all that is named in {expression}");
        until(&what, async || unknown(expression, &prometheus.names().await).is_empty()).await;
    };
    for expression in &dashboard {
        serves(expression).await;
        until(&format!("a value of {expression}"), async || {
            !prometheus.values(expression).await.unwrap_or_else(|error| panic!("{expression}: {error}")).is_empty()
        })
        .await;
    }

    let rules = async || prometheus.ask("rules", &[]).await.expect("rules")["groups"][0]["rules"].take();
    until("the rules are evaluated", async || {
        rules().await.as_array().is_some_and(|rules| rules.iter().all(|rule| rule["health"] != "unknown"))
    })
    .await;
    let rules = rules().await;
    assert_eq!(
        rules.as_array().map(Vec::len),
        Some(file("prometheus/portcullis.rules.yml").matches("- alert:").count())
    );
    for rule in rules.as_array().expect("rules") {
        let expression = rule["query"].as_str().expect("an expression");
        assert_eq!(rule["health"], "ok", "{rule}");
        serves(expression).await;
        assert_ne!(rule["state"], "firing", "all is well: {rule}");
    }
    drop(prometheus);
    server.stop();
}
