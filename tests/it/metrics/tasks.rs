//! Background tasks, and the keys that one of them maintains.

use std::time::Duration;

use portcullis::background::Background;
use portcullis::tokens::lifecycle::{ACTIVATION_DELAY, RETIREMENT};
use portcullis::use_cases::keys::maintain;

use super::Measured;
use crate::support::cluster::watched_dir;
use crate::support::outbox::post;
use crate::support::until;

/// 2026-01-01T00:00:00Z, when the clock of a test starts.
const START: f64 = 1_767_225_600.0;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn succeeded(server: &Measured, task: &str) -> Option<f64> {
    server.value(&format!("portcullis_task_success_timestamp_seconds{{task=\"{task}\"}}")).await
}

async fn failures(server: &Measured, task: &str) -> Option<f64> {
    server.value(&format!("portcullis_task_failures_total{{task=\"{task}\"}}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_task_tells_when_it_last_succeeded_and_how_often_it_failed() {
    let dir = watched_dir("mails").join("of/the/test");
    let server = Measured::with(&[&format!("--mail-dir={}", dir.display())]).await;
    assert_eq!(succeeded(&server, "keys").await, None, "it does not run yet");
    server.app.database.operator.batch_execute("ALTER TABLE keys RENAME TO away").await.expect("no table");
    let background = Background::start(&server.app.app);
    for task in ["keys", "session_uses", "endings", "clean_up", "mails", "mail_count"] {
        assert_eq!(succeeded(&server, task).await, Some(START), "{task} was started");
    }
    assert_eq!(succeeded(&server, "resealing").await, None, "there is nothing to seal anew");
    until("a failure", async || failures(&server, "keys").await == Some(1.0)).await;
    server.app.clock.advance(Duration::from_secs(100));
    post(&server.app.database.operator, "ada@example.com").await;
    until("a run that succeeds", async || succeeded(&server, "mails").await == Some(START + 100.0)).await;
    assert_eq!(succeeded(&server, "keys").await, Some(START));
    assert_eq!(failures(&server, "mails").await, Some(0.0));
    background.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_tell_their_states_the_age_of_the_newest_and_what_comes_when() {
    let server = Measured::with(&["--key-rotation=90d"]).await;
    let expect = async |states: [f64; 4], age: f64, rotation: f64, removal: f64| {
        for (state, number) in ["upcoming", "active", "retiring", "gone"].iter().zip(states) {
            let series = format!("portcullis_signing_keys{{state=\"{state}\"}}");
            assert_eq!(server.value(&series).await, Some(number), "{state}");
        }
        assert_eq!(server.value("portcullis_signing_key_age_seconds").await, Some(age));
        let name = |what| format!("portcullis_signing_key_{what}_timestamp_seconds");
        assert_eq!(server.value(&name("rotation")).await, Some(rotation));
        assert_eq!(server.value(&name("removal")).await, Some(removal));
    };
    let rotation = (90 * DAY).as_secs_f64();
    expect([0.0, 1.0, 0.0, 0.0], 0.0, START + rotation, 0.0).await;
    server.app.clock.advance(90 * DAY);
    expect([0.0, 1.0, 0.0, 0.0], rotation, START + rotation, 0.0).await;
    maintain(&server.app.app).await.expect("a database");
    let removal = START + rotation + (ACTIVATION_DELAY + RETIREMENT).as_secs_f64();
    expect([1.0, 1.0, 0.0, 0.0], 0.0, START + 2.0 * rotation, removal).await;
    server.app.clock.advance(ACTIVATION_DELAY);
    expect([0.0, 1.0, 1.0, 0.0], ACTIVATION_DELAY.as_secs_f64(), START + 2.0 * rotation, removal).await;
    server.app.clock.advance(RETIREMENT);
    let age = (ACTIVATION_DELAY + RETIREMENT).as_secs_f64();
    expect([0.0, 1.0, 0.0, 1.0], age, START + 2.0 * rotation, removal).await;
    maintain(&server.app.app).await.expect("a database");
    expect([0.0, 1.0, 0.0, 0.0], age, START + 2.0 * rotation, 0.0).await;
}
