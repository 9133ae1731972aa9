//! An operation that takes too long is cancelled, and so is the work that it had begun.

use portcullis::clock::Stopwatch;
use portcullis::passwords::Password;
use serde_json::{Value, json};

use crate::support::{TestApp, until};

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_takes_too_long_is_given_up_and_leaves_nothing_open() {
    let app = TestApp::with(&["--request-timeout=300ms", "--database-pool-size=2"]).await;
    let ada = app.registered("ada@example.com").await;
    let lock = app.database.operator.batch_execute("BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE");
    lock.await.expect("a lock");
    let login = "mutation { login(input: { identifier: \"ada@example.com\", password: \"x\" }) { __typename } }";
    for accept in ["application/json", "application/graphql-response+json"] {
        let request = ada.post(json!({ "query": login }).to_string()).header("accept", accept);
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 503);
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE", "{answer}");
        assert!(answer.get("data").is_none(), "{answer}");
    }
    app.database.operator.batch_execute("COMMIT").await.expect("the lock's end");
    let open = "SELECT count(*) FROM pg_stat_activity a WHERE datname = current_database() \
        AND state LIKE 'idle in transaction%' AND query LIKE '%accounts%' AND pid <> pg_backend_pid()";
    until("no transaction is open", async || app.database.count(open).await == 0).await;
    until("logins work again", async || {
        app.anonymous().try_login("ada@example.com", "x").await["data"]["login"]["__typename"] == "InvalidCredentials"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_of_callers_who_were_given_up_are_not_hashed() {
    let flags =
        ["--request-timeout=100ms", "--hashing-threads=1", "--argon2-memory-kib=19456", "--argon2-iterations=10"];
    let app = TestApp::with(&flags).await;
    let hash = async || {
        let watch = Stopwatch::start();
        let password = Password::new("a password".to_owned()).expect("a password");
        app.app.passwords.verify(password, None).await.expect("a verdict");
        watch.elapsed()
    };
    let one = hash().await;
    let logins = (0..40).map(|_| async { app.anonymous().try_login("ada@example.com", "x").await });
    let answers = futures_util::future::join_all(logins).await;
    let given_up = |answer: &&Value| answer["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE";
    assert!(answers.iter().filter(given_up).count() > 30, "{answers:?}");
    let next = hash().await;
    assert!(next < 12 * one, "one takes {one:?}, and after 40 that were given up {next:?}");
}
