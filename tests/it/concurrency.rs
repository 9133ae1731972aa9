//! Many at once.

use std::collections::HashMap;

use futures_util::future::join_all;
use portcullis::db::Target;
use portcullis::db::migrations::{self, Extent};
use serde_json::{Value, json};

use crate::support::app::LOCKS;
use crate::support::database::TestDatabase;
use crate::support::{PASSWORD, TestApp};

/// How often each outcome came.
fn tally(answers: &[Value], field: &str) -> HashMap<String, usize> {
    let mut tally = HashMap::new();
    for answer in answers {
        let outcome =
            answer["data"][field]["__typename"].as_str().or(answer["errors"][0]["extensions"]["code"].as_str());
        *tally.entry(outcome.unwrap_or_else(|| panic!("no outcome: {answer}")).to_owned()).or_default() += 1;
    }
    tally
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_registrations_of_one_address_make_one_account() {
    let app = TestApp::start().await;
    let clients: Vec<_> = (0..200).map(|_| app.anonymous()).collect();
    let answers = join_all(clients.iter().enumerate().map(|(number, client)| {
        let email = if number % 2 == 0 { "ada@example.com" } else { "ADA@Example.com" };
        client.try_register(json!({ "email": email, "password": PASSWORD }))
    }))
    .await;
    let tally = tally(&answers, "register");
    assert_eq!(tally, HashMap::from([("RegisterSuccess".into(), 1), ("EmailTaken".into(), 199)]));
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 1);
    assert_eq!(app.database.count("SELECT count(*) FROM sessions").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_username_is_given_once_to_many_who_want_it() {
    let app = TestApp::start().await;
    let client = app.anonymous();
    let answers = join_all((0..40).map(|number| {
        let email = format!("{number}@example.com");
        client.try_register(json!({ "email": email, "password": PASSWORD, "username": "ada" }))
    }))
    .await;
    let tally = tally(&answers, "register");
    assert_eq!(tally, HashMap::from([("RegisterSuccess".into(), 1), ("UsernameTaken".into(), 39)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn past_the_hashing_queue_callers_are_told_to_come_back_and_me_still_answers() {
    // A hash here takes longer than all requests take to arrive. On a busy machine the last one waits for long.
    let slow = ["--argon2-memory-kib=65536", "--argon2-iterations=5", "--hashing-threads=1", "--hashing-queue=4"];
    let app = TestApp::with(&[&slow[..], &["--request-timeout=5m"]].concat()).await;
    let ada = app.registered("ada@example.com").await;
    let storm = tokio::spawn({
        let client = app.anonymous();
        // Half of them name an account that does not exist: it costs a hash as well.
        async move {
            let names = ["ada@example.com", "nobody@example.com"];
            join_all((0..40).map(|number| client.try_login(names[number % 2], "wrong password"))).await
        }
    });
    while !storm.is_finished() {
        assert_eq!(ada.is_signed_in().await, Ok(()));
    }
    let answers = storm.await.expect("answers");
    let tally = tally(&answers, "login");
    let (refused, busy) = (tally["InvalidCredentials"], tally["SERVER_BUSY"]);
    assert!(refused >= 5 && refused + busy == 40, "{tally:?}");
    let told_unknown = answers.iter().skip(1).step_by(2).filter(|answer| answer["errors"].is_array()).count();
    assert!(told_unknown > 0, "unknown accounts wait for a hash too");
    let told = answers.iter().find(|answer| answer["errors"].is_array()).expect("a busy answer");
    assert!(told["errors"][0]["extensions"]["retryAfter"].as_u64().is_some_and(|seconds| seconds >= 1), "{told}");
    assert!(told["data"]["login"].is_null());
    app.anonymous().login("ada@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_start_at_once_on_an_empty_database_share_one_set_of_keys() {
    let database = TestDatabase::new().await;
    let target: Target = database.url.parse().expect("a URL");
    let runs = join_all((0..4).map(|_| {
        let target = target.clone();
        tokio::spawn(async move {
            migrations::run(&target, Extent::Expanding, LOCKS).await.expect("migrations").applied.len()
        })
    }))
    .await;
    let mut applied: Vec<_> = runs.into_iter().map(|run| run.expect("a run")).collect();
    applied.sort_unstable();
    assert_eq!(applied, [0, 0, 0, crate::support::migrations()]);

    let secret = portcullis::config::Secret::new(crate::support::app::SECRET.as_bytes()).expect("a secret");
    let config = crate::support::app::config(&database.url, &[]);
    let apps = join_all((0..4).map(|_| {
        portcullis::app::App::start(config.clone(), target.clone(), &secret, portcullis::clock::Clock::system())
    }))
    .await;
    let jwks = |app: portcullis::app::App| app.keys.current().jwks(app.clock.now()).body;
    let sets: Vec<String> = apps.into_iter().map(|app| jwks(app.expect("an app"))).collect();
    assert!(sets.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(database.count("SELECT count(*) FROM keys").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_logouts_of_one_session_end_it_once() {
    let app = TestApp::start().await;
    let client = app.registered("ada@example.com").await;
    let ended = join_all((0..50).map(|_| client.logout())).await;
    assert_eq!(ended.into_iter().filter(|ended| *ended).count(), 1);
}
