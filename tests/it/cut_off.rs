//! Clients that hang up while a password is being hashed. A look-up is charged, and a comparison counts by its
//! outcome.

use portcullis::clock::Stopwatch;
use serde_json::{Value, json};

use crate::support::raw::{Raw, post};
use crate::support::{Client, PASSWORD, TestApp, until};

/// Each hash takes some tenths of a second.
const SLOW: [&str; 4] =
    ["--rate-limits=on", "--argon2-memory-kib=100000", "--argon2-iterations=4", "--hashing-threads=2"];

async fn slow(flags: &[&str]) -> TestApp {
    let app = TestApp::with(&[SLOW.as_slice(), flags].concat()).await;
    app.registered("ada@example.com").await;
    app
}

/// How much all buckets together lack, in seconds.
const LACKING: &str = "SELECT coalesce(sum(extract(epoch FROM full_at - '2026-01-01'::timestamptz)), 0)::bigint FROM limits WHERE full_at > '2026-01-01'";

/// What attempts hold whose outcome is not known, in all buckets together.
const HELD: &str = "SELECT coalesce(sum(held + held_before), 0)::bigint FROM limits";

/// How many statements wait for the row of an account that somebody holds: one as the next, the others behind it.
const AT_A_ROW: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'tuple' AND relation = 'accounts'::regclass";

/// Sends a request, and hangs up when something was taken for it and the server knows so, long before the password is hashed. Before,
/// everything is settled but what others hold who stay: so nobody gives back meanwhile, and what is lacking tells of this request alone.
async fn hang_up(app: &TestApp, client: &Client, from: &str, (query, input): (&str, Value), others: i64) {
    until("all others are settled", async || app.database.count(HELD).await == others).await;
    let before = app.database.count(LACKING).await;
    let body = json!({ "query": query, "variables": { "i": input } }).to_string();
    let mut request = post(&body);
    for value in &client.authorization {
        request = request.replacen("\r\n", &format!("\r\nauthorization: {value}\r\n"), 1);
    }
    let mut raw = Raw::from(from, app.address).await;
    raw.send(&request).await;
    until("the attempt is charged", async || app.database.count(LACKING).await > before).await;
    // The answer of the statement is on its way to the server: answers of later ones come after it.
    for _ in 0..5 {
        app.anonymous().http.get(app.url("/health/ready")).send().await.expect("an answer");
    }
    drop(raw);
}

const REGISTER: &str = "mutation($i: RegisterInput!) { register(input: $i) { __typename } }";
const LOGIN: &str = "mutation($i: LoginInput!) { login(input: $i) { __typename } }";
const CHANGE: &str = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { __typename } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_is_cut_off_while_it_hashes_is_paid_for() {
    let app = slow(&["--limit-register=3/1h"]).await;
    for number in 0..3 {
        let input = json!({ "email": format!("free{number}@example.com"), "password": PASSWORD });
        hang_up(&app, &app.anonymous(), "127.0.0.2", (REGISTER, input), 0).await;
    }
    // Longer than a hash and a statement take.
    app.anonymous().at("127.0.0.3").login("ada@example.com").await;
    let probe = app.anonymous().at("127.0.0.2");
    for email in ["free9@example.com", "ada@example.com"] {
        let answer = probe.try_register(json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(answer["data"]["register"]["__typename"], "RateLimited", "{email}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_logins_that_are_cut_off_count_and_are_told_whether_there_is_an_account_or_not() {
    let app = slow(&["--limit-login=3/10m"]).await;
    for (identifier, address) in [("ada@example.com", "127.0.0.2"), ("nobody@example.com", "127.0.0.3")] {
        for _ in 0..3 {
            let input = json!({ "identifier": identifier, "password": "a wrong password" });
            hang_up(&app, &app.anonymous(), address, (LOGIN, input), 0).await;
        }
        let told = "SELECT count(*) FROM audit_events WHERE kind = 'login_failed' AND host(ip_address) = ";
        until("they are told", async || app.database.count(&format!("{told}'{address}'")).await == 3).await;
        let next = app.anonymous().at(address).login_type(identifier, "a wrong password").await;
        assert_eq!(next, "RateLimited", "{identifier}");
    }
}

/// Two logins have both turns at the account's row. So those that hang up open no session, however late the server hears of it.
#[tokio::test(flavor = "multi_thread")]
async fn right_logins_that_are_cut_off_are_given_back() {
    let app = slow(&["--limit-login=1/10m"]).await;
    let holder = app.database.another().await;
    holder.batch_execute("BEGIN; SELECT FROM accounts FOR UPDATE").await.expect("a lock");
    let staying: Vec<_> = ["127.0.0.2", "127.0.0.3"]
        .map(|address| {
            let client = app.anonymous().at(address);
            tokio::spawn(async move { client.login_type("ada@example.com", PASSWORD).await })
        })
        .into();
    until("two have their turns", async || app.database.count(AT_A_ROW).await == 2).await;
    // Each of the pair, of the address, of the account, and of its sessions.
    let theirs = 2 * 4;
    let addresses = ["127.0.0.4", "127.0.0.5", "127.0.0.6"];
    for address in addresses {
        let input = json!({ "identifier": "ada@example.com", "password": PASSWORD });
        hang_up(&app, &app.anonymous(), address, (LOGIN, input), theirs).await;
    }
    until("what was taken is given back", async || app.database.count(HELD).await == theirs).await;
    holder.batch_execute("COMMIT").await.expect("a commit");
    for login in staying {
        assert_eq!(login.await.expect("an answer"), "LoginSuccess");
    }
    assert_eq!(app.database.count("SELECT count(*) FROM sessions").await, 1 + 2, "nobody waited for the others");
    for address in addresses {
        assert_eq!(app.anonymous().at(address).login_type("ada@example.com", PASSWORD).await, "LoginSuccess");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_of_a_session_count_though_nobody_waits_for_the_answer() {
    let app = slow(&["--limit-login=2/10m"]).await;
    let ada = app.anonymous().login("ada@example.com").await;
    let input = json!({ "currentPassword": "a wrong password", "newPassword": "some other passphrase" });
    for _ in 0..2 {
        hang_up(&app, &ada, "127.0.0.2", (CHANGE, input.clone()), 0).await;
    }
    let told = "SELECT count(*) FROM audit_events WHERE kind = 'password_change_failed'";
    until("they are told", async || app.database.count(told).await == 2).await;
    let answer = ada.send(CHANGE, json!({ "i": input })).await;
    assert_eq!(answer["data"]["changePassword"]["__typename"], "RateLimited", "{answer}");
}

/// Where no password can be hashed nothing is looked up, so there is nothing to pay for, and nothing to learn.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_so_before_anything_is_looked_up() {
    let app = slow(&["--hashing-queue=1", "--limit-register=30/1h", "--limit-login=30/10m"]).await;
    let watch = Stopwatch::start();
    let charged = app.database.count(LACKING).await;
    let tries = (0..20).map(|number| {
        let client = app.anonymous().at("127.0.0.2");
        let email = if number % 2 == 0 { "ada@example.com".to_owned() } else { format!("free{number}@example.com") };
        async move {
            let answer = client.try_register(json!({ "email": email, "password": PASSWORD })).await;
            answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("answered").to_owned()
        }
    });
    let answers = futures_util::future::join_all(tries).await;
    let answered = answers.iter().filter(|answer| *answer == "answered").count();
    assert!(answered > 0 && answered < 20, "{answers:?} in {:?}", watch.elapsed());
    let interval = 3600 / 30;
    assert_eq!(app.database.count(LACKING).await - charged, i64::try_from(answered * interval).expect("a number"));
}
