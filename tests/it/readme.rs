//! What newcomers paste into a shell: the commands of `README.md` and of the page that goes on from there, with the answers that
//! the pages show.

use std::process::Command;
use std::time::Duration;

use portcullis::clock::{Clock, ManualClock};
use serde_json::Value;

use crate::support::TestApp;
use crate::support::database::TestDatabase;

/// Where the pages find the server.
const PLACE: &str = "http://127.0.0.1:8080";

/// Stands between the answers of a shell.
const SEPARATOR: char = '\u{1e}';

/// What differs from one run to the next.
const VARIES: [&str; 8] =
    ["flow", "id", "createdAt", "lastUsedAt", "occurredAt", "userAgent", "accessToken", "refreshToken"];

/// A command, and what the page says that it answers: nothing, or each time that it is sent.
struct Step {
    command: String,
    answers: Vec<Value>,
}

/// The steps of a page that speak to the server. A second answer is that to the same command, sent once more.
fn steps(page: &str) -> Vec<Step> {
    let text = std::fs::read_to_string(format!("{}/{page}", env!("CARGO_MANIFEST_DIR"))).expect("a page");
    let mut steps: Vec<Step> = Vec::new();
    // Every other part stands between fences.
    for block in text.split("\n```").skip(1).step_by(2) {
        match block.split_once('\n').expect("a block of lines") {
            ("sh", command) if command.contains(PLACE) => {
                steps.push(Step { command: command.to_owned(), answers: Vec::new() });
            }
            ("json", answer) => {
                let step = steps.last_mut().expect("a command before its answer");
                step.answers.push(serde_json::from_str(answer).expect("an answer in JSON"));
            }
            _ => {}
        }
    }
    steps
}

/// What a shell prints that is given all steps, one after the other.
fn pasted(steps: &[Step], place: &str) -> Vec<String> {
    let script: String = steps
        .iter()
        .flat_map(|step| vec![&step.command; step.answers.len().max(1)])
        .map(|command| format!("{}\nprintf '\\036'\n", command.replace(PLACE, place)))
        .collect();
    let output = Command::new("sh").args(["-c", &script]).output().expect("a shell");
    let printed = String::from_utf8(output.stdout).expect("text");
    printed.trim_end_matches(SEPARATOR).split(SEPARATOR).map(|answer| answer.trim().to_owned()).collect()
}

/// The same, with nothing in the place of what varies.
fn constant(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(constant).collect(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                let varies = value.is_string() && VARIES.contains(&name.as_str());
                (name.clone(), if varies { Value::Null } else { constant(value) })
            };
            Value::Object(members.iter().map(member).collect())
        }
        other => other.clone(),
    }
}

/// A server whose clock goes on with each look at it: of two events of one moment either may be the newer.
async fn at_passing_time() -> TestApp {
    let database = TestDatabase::new().await;
    let url = database.url.clone();
    let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().expect("a date"));
    let (passing, time) = (clock.clone(), clock.clock());
    let time = Clock::from_fn(move || {
        passing.advance(Duration::from_millis(10));
        time.now()
    });
    TestApp::at(database, &url, &["--email-verification=required"], clock, time).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_for_newcomers_answer_as_the_pages_say() {
    let curl = Command::new("curl").arg("--version").output();
    if curl.is_err() {
        assert!(std::env::var_os("PORTCULLIS_TEST_ALL").is_none(), "curl is not installed");
        eprintln!("NOT TESTED: there is no curl on this machine");
        return;
    }
    for (page, expected) in [("README.md", 9), ("docs/getting-started.md", 7)] {
        let app = at_passing_time().await;
        let place = app.url("");
        let (steps, printed) = tokio::task::spawn_blocking(move || {
            let steps = steps(page);
            let printed = pasted(&steps, &place);
            (steps, printed)
        })
        .await
        .expect("a shell");
        let mut printed = printed.iter();
        let mut compared = 0;
        for step in &steps {
            if step.answers.is_empty() {
                assert_eq!(printed.next().map(String::as_str), Some(""), "{page}: {}", step.command);
            }
            for answer in &step.answers {
                let got = printed.next().expect("an answer");
                let got: Value = serde_json::from_str(got).unwrap_or_else(|_| panic!("{page}: no JSON: {got}"));
                assert_eq!(constant(&got), constant(answer), "{page}: {}", step.command);
                compared += 1;
            }
        }
        assert!(printed.next().is_none());
        assert_eq!(compared, expected, "answers of {page}");
    }
}
