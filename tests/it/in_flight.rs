//! Attempts whose outcome is not known yet. They hold a part of the limits, but not for ever.

use serde_json::{Value, json};

use crate::support::raw::{Raw, post};
use crate::support::{PASSWORD, TestApp, until};

async fn limited(flags: &[&str]) -> TestApp {
    let app = TestApp::with(&[&["--rate-limits=on"], flags].concat()).await;
    app.registered("ada@example.com").await;
    app
}

/// What attempts hold, in all buckets together.
const HELD: &str = "SELECT coalesce(sum(held + held_before), 0)::bigint FROM limits";

/// A login with this password.
fn login(password: &str) -> String {
    let query = "mutation($i: LoginInput!) { login(input: $i) { __typename } }";
    let input = json!({ "identifier": "ada@example.com", "password": password });
    post(&json!({ "query": query, "variables": { "i": input } }).to_string())
}

/// Three places, and nine right passwords whose owners wait for a row.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_row_is_held_takes_no_place_at_the_hashing_threads_from_others() {
    // Nobody who waits for the row may give up before the test is over, however busy the machine is.
    let patient = ["--database-timeout=60s", "--request-timeout=60s"];
    let app = limited(&[&["--hashing-threads=1", "--hashing-queue=2"], &patient[..]].concat()).await;
    app.registered("eve@example.com").await;
    let owner = app.anonymous().login("ada@example.com").await;
    until("the login before is settled", async || app.database.count(HELD).await == 0).await;
    let holder = app.database.another().await;
    holder.batch_execute("BEGIN; SELECT FROM accounts WHERE email LIKE 'ada%' FOR UPDATE").await.expect("a lock");
    let change = format!(
        "mutation {{ changePassword(input: {{ currentPassword: \"{PASSWORD}\", newPassword: \"{PASSWORD} too\" }}) \
         {{ __typename }} }}"
    );
    let delete = format!("mutation {{ deleteAccount(input: {{ password: \"{PASSWORD}\" }}) {{ __typename }} }}");
    let mut waiting = Vec::new();
    for number in 0..9 {
        let (owner, change, delete) = (owner.clone(), change.clone(), delete.clone());
        let before = app.database.count(HELD).await;
        waiting.push(tokio::spawn(async move {
            match number % 3 {
                0 => owner.send(&change, Value::Null).await,
                1 => owner.send(&delete, Value::Null).await,
                _ => owner.try_login("ada@example.com", PASSWORD).await,
            }
        }));
        until("it is charged", async || app.database.count(HELD).await > before).await;
        let all_free = async || (0..3).map(|_| app.app.passwords.permit()).collect::<Result<Vec<_>, _>>().is_ok();
        until("its password is hashed, and all places are free", all_free).await;
    }
    assert_eq!(app.anonymous().login_type("eve@example.com", PASSWORD).await, "LoginSuccess");
    assert!(waiting.iter().all(|waiting| !waiting.is_finished()), "they have waited all the time");
    holder.batch_execute("COMMIT").await.expect("a commit");
    for answer in waiting {
        answer.await.expect("an answer");
    }
    until("all is settled", async || app.database.count(HELD).await == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_up_while_something_is_taken_holds_nothing() {
    let app = limited(&[]).await;
    let holder = app.database.another().await;
    holder.batch_execute("BEGIN; LOCK TABLE limits").await.expect("a lock");
    let mut raw = Raw::from("127.0.0.2", app.address).await;
    raw.send(&login(PASSWORD)).await;
    let blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'limits'::regclass";
    until("the look-up waits", async || app.database.count(blocked).await == 1).await;
    drop(raw);
    // The server has noticed that, because it answers a later request.
    for _ in 0..5 {
        app.anonymous().http.get(app.url("/health/ready")).send().await.expect("an answer");
    }
    holder.batch_execute("COMMIT").await.expect("a commit");
    let taken = "SELECT count(*) FROM limits WHERE held_in > 0";
    until("it was taken", async || app.database.count(taken).await >= 4).await;
    until("it is settled", async || app.database.count(HELD).await == 0).await;
}

/// A server that died with what it took, and others that go on to take from the same buckets.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_attempt_held_is_forgotten_though_new_ones_come() {
    let app = limited(&[]).await;
    app.database.execute("DELETE FROM limits").await;
    let wrong = async || {
        assert_eq!(app.anonymous().login_type("ada@example.com", "a wrong password").await, "InvalidCredentials");
    };
    wrong().await;
    until("it is settled", async || app.database.count(HELD).await == 0).await;
    let died = i64::try_from(app.database.execute("UPDATE limits SET held = 1").await).expect("a number");
    for held in [died, 0] {
        // A period later.
        app.database.execute("UPDATE limits SET held_in = held_in - 1").await;
        wrong().await;
        until("the new one is settled", async || app.database.count(HELD).await <= held).await;
    }
}
