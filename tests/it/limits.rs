//! Limits on attempts: what is counted, by whom, and that nobody can shut out somebody else.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::proxy::{Network, Proxy};
use crate::support::{PASSWORD, TestApp, until};

const MINUTE: Duration = Duration::from_secs(60);

/// A server with limits, and an account.
async fn limited(flags: &[&str]) -> TestApp {
    let app = TestApp::with(&[&["--rate-limits=on"], flags].concat()).await;
    app.registered("ada@example.com").await;
    app
}

/// Until it is known of every attempt whether it counts, and what does not is given back.
async fn given_back(app: &TestApp) {
    let held = "SELECT count(*) FROM limits WHERE held + held_before > 0";
    until("what was taken is given back", async || app.database.count(held).await == 0).await;
}

/// Of so many wrong passwords, how many were compared.
async fn compared(app: &TestApp, address: &str, identifier: &str, number: usize) -> usize {
    let client = app.anonymous().at(address);
    let mut compared = 0;
    for _ in 0..number {
        match client.login_type(identifier, "a wrong password").await.as_str() {
            "InvalidCredentials" => compared += 1,
            "RateLimited" => {}
            other => panic!("{other}"),
        }
    }
    compared
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_are_limited_by_address_and_account_and_flow_in_again() {
    let app = limited(&[]).await;
    assert_eq!(compared(&app, "127.0.0.2", "ada@example.com", 15).await, 10);
    let answer = app.anonymous().at("127.0.0.2").try_login("ada@example.com", PASSWORD).await;
    assert_eq!(answer["data"]["login"]["__typename"], "RateLimited", "not even the right one is compared");
    assert_eq!(answer["data"]["login"]["code"], "RATE_LIMITED");
    assert_eq!(answer["data"]["login"]["retryAfter"], 60);
    app.clock.advance(MINUTE * 2);
    assert_eq!(compared(&app, "127.0.0.2", "ada@example.com", 5).await, 2);
    assert_eq!(compared(&app, "127.0.0.2", "eve@example.com", 5).await, 5, "another account counts by itself");
    app.anonymous().at("127.0.0.3").login("ada@example.com").await;
    app.clock.advance(MINUTE);
    app.anonymous().at("127.0.0.2").login("ADA@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_and_spaces_make_no_other_account() {
    let app = limited(&[]).await;
    assert_eq!(compared(&app, "127.0.0.2", "ada@example.com", 5).await, 5);
    assert_eq!(compared(&app, "127.0.0.2", " ADA@EXAMPLE.com ", 10).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_do_not_exist_are_limited_alike() {
    let app = limited(&[]).await;
    for identifier in ["nobody@example.com", "nobody", "no identifier at all", ""] {
        assert_eq!(compared(&app, "127.0.0.2", identifier, 12).await, 10, "{identifier}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_in_one_document_are_attempts_each() {
    let app = limited(&[]).await;
    let login = |number| {
        format!(
            "a{number}: login(input: {{ identifier: \"ada@example.com\", password: \"wrong {number}\" }}) {{ __typename }} "
        )
    };
    let document: String = (0..20).map(login).collect();
    let answer = app.anonymous().send(&format!("mutation {{ {document} }}"), Value::Null).await;
    let types: Vec<_> = (0..20).map(|number| &answer["data"][format!("a{number}")]["__typename"]).collect();
    assert_eq!(types.iter().filter(|kind| **kind == "InvalidCredentials").count(), 10, "{answer}");
    assert_eq!(types.iter().filter(|kind| **kind == "RateLimited").count(), 10, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_under_one_response_key_is_one_attempt_however_often_it_is_written() {
    let app = limited(&[]).await;
    let login = "login(input: { identifier: \"ada@example.com\", password: \"a wrong one\" }) { __typename }";
    let document = format!("mutation {{ {login} {login} ...F }} fragment F on Mutation {{ {login} }}");
    for number in 1..=11 {
        let answer = app.anonymous().send(&document, Value::Null).await;
        let expected = if number == 11 { "RateLimited" } else { "InvalidCredentials" };
        assert_eq!(answer, serde_json::json!({ "data": { "login": { "__typename": expected } } }), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_count_together_also_at_the_same_moment() {
    let app = limited(&[]).await;
    let peer = app.peer(&["--rate-limits=on"]).await;
    let (here, there) = (app.anonymous(), peer.visited_by(&app.anonymous()));
    let tries = (0..40).map(|number| {
        let client = if number % 2 == 0 { here.clone() } else { there.clone() };
        async move { client.login_type("ada@example.com", "a wrong password").await }
    });
    let types = join_all(tries).await;
    assert_eq!(types.iter().filter(|kind| *kind == "InvalidCredentials").count(), 10);
    assert_eq!(types.iter().filter(|kind| *kind == "RateLimited").count(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_under_attack_from_many_addresses_lets_its_owner_in() {
    let app = limited(&["--limit-login-account=30/1h"]).await;
    let mut tried = 0;
    for number in 1..=20 {
        tried += compared(&app, &format!("127.0.1.{number}"), "ada@example.com", 12).await;
    }
    // Three addresses with ten each, then three for each of the others.
    assert_eq!(tried, 30 + 17 * 3);
    app.anonymous().at("127.0.2.1").login("ada@example.com").await;
    let tried = compared(&app, "127.0.2.1", "ada@example.com", 10).await;
    assert!((2..=3).contains(&tried), "a login gives its own try back, a moment later");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_has_signed_in_before_gets_in_where_its_address_is_used_up() {
    let app = limited(&["--limit-login-address=20/10m"]).await;
    let signed_in = app.anonymous().at("127.0.0.2").login("ada@example.com").await;
    let device = signed_in.device_token();
    assert_eq!(compared(&app, "127.0.0.2", "ada@example.com", 12).await, 10);
    assert_eq!(compared(&app, "127.0.0.2", "eve@example.com", 12).await, 10);
    let neighbour = app.anonymous().at("127.0.0.2");
    assert_eq!(neighbour.login_type("ada@example.com", PASSWORD).await, "RateLimited");
    let again = neighbour.on_device(device).login("ada@example.com").await;
    assert_eq!(again.device_token(), device, "it stays the same device");
    // It has as many tries as an address.
    let thief = app.anonymous().at("127.0.0.9").on_device(device);
    for expected in ["InvalidCredentials"; 20].into_iter().chain(["RateLimited"; 2]) {
        assert_eq!(thief.login_type("ada@example.com", "a wrong password").await, expected);
    }
    app.anonymous().at("127.0.0.3").login("ada@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_token_is_good_for_its_account_only() {
    let app = limited(&[]).await;
    let eve = app.registered("eve@example.com").await;
    let genuine = eve.device_token();
    let (_, mac) = genuine.rsplit_once('.').expect("a MAC");
    let forged = genuine.replace(mac, &"A".repeat(mac.len()));
    for token in [genuine, &forged, "", "pcd_", &"x".repeat(1000)] {
        app.clock.advance(MINUTE * 10);
        assert_eq!(compared(&app, "127.0.0.2", "ada@example.com", 10).await, 10);
        let client = app.anonymous().at("127.0.0.2").on_device(token);
        assert_eq!(client.login_type("ada@example.com", PASSWORD).await, "RateLimited", "{token}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_succeeds_is_given_back() {
    let app = limited(&["--limit-login=3/10m", "--limit-login-address=3/10m", "--limit-login-account=3/1h"]).await;
    for _ in 0..10 {
        app.anonymous().login("ada@example.com").await;
        given_back(&app).await;
    }
    assert_eq!(compared(&app, "127.0.0.1", "ada@example.com", 5).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_a_limit_for_all_accounts_together() {
    let app = limited(&["--limit-login-address=30/10m"]).await;
    let mut tried = 0;
    for number in 0..10 {
        tried += compared(&app, "127.0.0.2", &format!("a{number}@example.com"), 5).await;
    }
    assert_eq!(tried, 30);
    assert_eq!(compared(&app, "127.0.0.3", "a9@example.com", 5).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_stopped_at_the_door_without_asking_the_database() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app =
        TestApp::on(database, &url, &["--rate-limits=on", "--limit-attempts=5/1m", "--database-timeout=1s"]).await;
    for number in 0..5 {
        assert_eq!(app.anonymous().login_type(&format!("a{number}"), PASSWORD).await, "InvalidCredentials");
    }
    let before = proxy.trips();
    assert_eq!(app.anonymous().login_type("ada", PASSWORD).await, "RateLimited");
    assert_eq!(app.anonymous().try_refresh("rubbish").await["__typename"], "RateLimited");
    let answer = app.anonymous().try_register(json!({ "email": "b@example.com", "password": PASSWORD })).await;
    assert_eq!(answer["data"]["register"]["__typename"], "RateLimited", "{answer}");
    assert_eq!(answer["data"]["register"]["retryAfter"], 12, "{answer}");
    assert_eq!(proxy.trips(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn registrations_are_limited_by_address() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-register=3/1h"]).await;
    let register = async |address: &str, number: usize| {
        let input = json!({ "email": format!("a{number}@example.com"), "password": PASSWORD });
        let answer = app.anonymous().at(address).try_register(input).await;
        answer["data"]["register"]["__typename"].as_str().expect("an answer").to_owned()
    };
    for number in 0..3 {
        assert_eq!(register("127.0.0.2", number).await, "RegisterSuccess");
    }
    assert_eq!(register("127.0.0.2", 3).await, "RateLimited");
    assert_eq!(register("127.0.0.3", 0).await, "EmailTaken");
    assert_eq!(register("127.0.0.3", 3).await, "RegisterSuccess");
    app.clock.advance(MINUTE * 20);
    assert_eq!(register("127.0.0.2", 4).await, "RegisterSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshes_are_limited_by_session() {
    let app = limited(&["--limit-refresh=3/1m"]).await;
    let (ada, eve) = (app.registered("a@example.com").await, app.registered("eve@example.com").await);
    let mut last = ada.clone();
    for _ in 0..3 {
        last = last.refresh().await;
    }
    let answer = last.try_refresh(last.refresh_token()).await;
    assert_eq!((&answer["__typename"], &answer["retryAfter"]), (&json!("RateLimited"), &json!(20)));
    eve.refresh().await;
    app.clock.advance(MINUTE / 3);
    assert_eq!(last.refresh().await.is_signed_in().await, Ok(()), "the token was not used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_current_password_is_guessed_no_oftener_in_a_session() {
    let app = limited(&[]).await;
    let (thief, owner) =
        (app.anonymous().login("ada@example.com").await, app.anonymous().login("ada@example.com").await);
    let query = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { __typename } }";
    let change = async |client: &crate::support::Client, current: &str, new: &str| {
        let answer = client.send(query, json!({ "i": { "currentPassword": current, "newPassword": new } })).await;
        answer["data"]["changePassword"]["__typename"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    for _ in 0..12 {
        assert_eq!(change(&owner, PASSWORD, "password").await, "WeakPassword", "a right password is given back");
        given_back(&app).await;
    }
    for expected in ["InvalidCredentials"; 10].into_iter().chain(["RateLimited"; 3]) {
        assert_eq!(change(&thief, "a wrong password", "some other passphrase").await, expected);
    }
    assert_eq!(change(&owner, PASSWORD, "some other passphrase").await, "ChangePasswordSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_buckets_a_login_fails_closed() {
    let app = limited(&[]).await;
    app.database.execute("ALTER TABLE limits RENAME TO away").await;
    let answer = app.anonymous().try_login("ada@example.com", PASSWORD).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE", "{answer}");
    assert!(answer["data"]["login"].is_null());
    app.database.execute("ALTER TABLE away RENAME TO limits").await;
    app.anonymous().login("ada@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_nobody_logs_in() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app = TestApp::on(database, &url, &["--rate-limits=on", "--database-timeout=1s"]).await;
    app.registered("ada@example.com").await;
    proxy.set(Network::Cut);
    let answer = app.anonymous().try_login("ada@example.com", PASSWORD).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_that_are_full_are_cleared_away_and_others_stay() {
    let app = limited(&[]).await;
    assert_eq!(compared(&app, "127.0.0.2", "ada@example.com", 10).await, 10);
    app.clock.advance(MINUTE * 5);
    portcullis::use_cases::clean_up::clean_up(&app.app).await.expect("a database");
    assert_eq!(compared(&app, "127.0.0.2", "ada@example.com", 10).await, 5);
    app.clock.advance(MINUTE * 600);
    portcullis::use_cases::clean_up::clean_up(&app.app).await.expect("a database");
    assert_eq!(app.database.count("SELECT count(*) FROM limits").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_wrong_locks_nobody_out() {
    let app = limited(&[]).await;
    assert_eq!(compared(&app, "127.0.0.2", "ada@example.com", 1).await, 1);
    app.database.execute("UPDATE limits SET full_at = full_at + interval '10 years'").await;
    assert_eq!(compared(&app, "127.0.0.2", "ada@example.com", 12).await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_of_passwords_takes_nothing() {
    let hashing = ["--argon2-memory-kib=19456", "--hashing-threads=1", "--hashing-queue=1"];
    let app = limited(&[&hashing, ["--limit-login=30/10m"].as_slice()].concat()).await;
    let logins = (0..30).map(|_| {
        let client = app.anonymous();
        async move { client.try_login("ada@example.com", PASSWORD).await }
    });
    let answers = join_all(logins).await;
    let busy = answers.iter().filter(|answer| answer["errors"][0]["extensions"]["code"] == "SERVER_BUSY").count();
    assert!(busy > 0 && busy < 30, "{busy} busy");
    given_back(&app).await;
    assert_eq!(compared(&app, "127.0.0.1", "ada@example.com", 40).await, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_can_be_closed() {
    let app = TestApp::with(&["--open-registration=off"]).await;
    let answer = app.anonymous().try_register(json!({ "email": "ada@example.com", "password": PASSWORD })).await;
    assert_eq!(answer["data"]["register"]["__typename"], "RegistrationClosed", "{answer}");
    assert_eq!(answer["data"]["register"]["code"], "REGISTRATION_CLOSED", "{answer}");
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_of_an_address_are_refused_whole() {
    let app = limited(&["--limit-requests=3/30s"]).await;
    let (flood, other) = (app.anonymous().at("127.0.0.2"), app.anonymous().at("127.0.0.3"));
    let body = json!({ "query": "{ __typename }" }).to_string();
    for _ in 0..3 {
        assert_eq!(flood.post(body.clone()).send().await.expect("an answer").status(), 200);
    }
    let refused = flood.post(body.clone()).send().await.expect("an answer");
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "10");
    assert!(refused.headers().contains_key("x-request-id"));
    let answer: Value = refused.json().await.expect("JSON");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "RATE_LIMITED", "{answer}");
    let health = flood.http.get(app.url("/health/ready")).send().await.expect("an answer");
    assert_eq!(health.status(), 200, "health is not counted");
    let keys = flood.http.get(app.url("/.well-known/jwks.json")).send().await.expect("an answer");
    assert_eq!(keys.status(), 429);
    assert_eq!(other.post(body.clone()).send().await.expect("an answer").status(), 200);
    app.clock.advance(Duration::from_secs(10));
    assert_eq!(flood.post(body).send().await.expect("an answer").status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thief_who_refreshes_past_the_limit_is_found_out_all_the_same() {
    let app = limited(&["--limit-refresh=4/1h"]).await;
    let owner = app.anonymous().login("ada@example.com").await;
    let mut thief = owner.clone();
    for _ in 0..4 {
        thief = thief.refresh().await;
    }
    assert_eq!(thief.try_refresh(thief.refresh_token()).await["__typename"], "RateLimited");
    let answer = owner.try_refresh(owner.refresh_token()).await;
    assert_eq!(answer["reason"], "REUSED", "{answer}");
    assert_eq!(thief.is_signed_in().await, Err("SESSION_REVOKED".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_who_floods_keeps_out_nobody_who_shows_a_token_of_ours() {
    let app = limited(&["--limit-attempts=5/1h"]).await;
    let ada = app.anonymous().at("127.0.0.2").login("ada@example.com").await;
    let device = ada.device_token().to_owned();
    let neighbour = app.anonymous().at("127.0.0.2");
    for _ in 0..10 {
        neighbour.try_refresh("rubbish").await;
    }
    assert_eq!(neighbour.login_type("ada@example.com", PASSWORD).await, "RateLimited");
    assert_eq!(neighbour.on_device("pcd_rubbish").login_type("ada@example.com", PASSWORD).await, "RateLimited");
    let again = ada.refresh().await;
    assert_eq!(again.is_signed_in().await, Ok(()));
    ada.on_device(&device).login("ada@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_devices_of_somebody_who_once_had_the_password_count_together() {
    let app = limited(&["--limit-login-account=15/1h", "--limit-login-attacked=1/10m"]).await;
    let mut devices = Vec::new();
    for _ in 0..5 {
        let signed_in = app.anonymous().at("127.0.0.2").login("ada@example.com").await;
        devices.push(signed_in.device_token().to_owned());
    }
    let mut compared = 0;
    for device in &devices {
        let thief = app.anonymous().at("127.0.0.2").on_device(device);
        for _ in 0..10 {
            compared +=
                usize::from(thief.login_type("ada@example.com", "a wrong password").await == "InvalidCredentials");
        }
    }
    // As devices, then one for each of those that are left, then as an address.
    assert_eq!(compared, 15 + 4 + 10);
    app.anonymous().at("127.0.0.3").login("ada@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_does_in_the_same_browser_takes_nothing_from_the_device() {
    let app = limited(&["--limit-login=2/1h"]).await;
    app.registered("bob@example.com").await;
    let ada = app.anonymous().login("ada@example.com").await;
    let shared = app.anonymous().at("127.0.0.2").on_device(ada.device_token());
    for _ in 0..5 {
        shared.login("bob@example.com").await;
    }
    given_back(&app).await;
    for expected in ["InvalidCredentials"; 4].into_iter().chain(["RateLimited"; 2]) {
        assert_eq!(shared.login_type("ada@example.com", "a wrong password").await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_of_one_site_have_a_limit_together() {
    let app = limited(&["--trusted-proxies=127.0.0.1", "--limit-login-address=3/10m"]).await;
    let tried = async |address: &str, number: usize| {
        let query = "mutation($i: LoginInput!) { login(input: $i) { __typename } }";
        let input = json!({ "identifier": format!("a{number}@example.com"), "password": "a wrong password" });
        let body = json!({ "query": query, "variables": { "i": input } }).to_string();
        let answer = app.anonymous().post(body).header("x-forwarded-for", address).send().await.expect("an answer");
        answer.json::<Value>().await.expect("JSON")["data"]["login"]["__typename"] == "InvalidCredentials"
    };
    let mut compared = 0;
    for number in 0..60 {
        compared += usize::from(tried(&format!("2001:db8:1:{}::{number}", number / 4), number).await);
    }
    assert_eq!(compared, 30, "three of each network, until the site has ten times as many");
    assert!(tried("2001:db8:2::1", 100).await, "another site");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_password_that_nobody_waits_for_any_more_does_not_count() {
    let slow = ["--argon2-memory-kib=200000", "--argon2-iterations=6"];
    let app = limited(&slow).await;
    let hurried = app.peer(&[slow.as_slice(), &["--rate-limits=on", "--request-timeout=100ms"]].concat()).await;
    for _ in 0..3 {
        let answer = hurried.visited_by(&app.anonymous()).try_login("ada@example.com", PASSWORD).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE", "{answer}");
    }
    given_back(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_shows_a_token_of_ours_is_bounded_too_even_if_all_is_right() {
    let app = limited(&["--limit-attempts=3/1h"]).await;
    let ada = app.anonymous().login("ada@example.com").await;
    let mine = app.anonymous().at("127.0.0.2").on_device(ada.device_token());
    // Three as a device, and three as an address.
    for expected in ["LoginSuccess"; 6].into_iter().chain(["RateLimited"; 2]) {
        assert_eq!(mine.login_type("ada@example.com", PASSWORD).await, expected);
        given_back(&app).await;
    }
    let query = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { __typename } }";
    let input = json!({ "i": { "currentPassword": PASSWORD, "newPassword": "password" } });
    for expected in ["WeakPassword"; 3].into_iter().chain(["RateLimited"; 2]) {
        let answer = ada.send(query, input.clone()).await;
        assert_eq!(answer["data"]["changePassword"]["__typename"], expected, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_network_that_floods_uses_up_nothing_of_its_site() {
    let app = limited(&["--trusted-proxies=127.0.0.1", "--limit-attempts=2/1h"]).await;
    let query = "mutation { refreshToken(input: { refreshToken: \"rubbish\" }) { __typename } }";
    let body = json!({ "query": query }).to_string();
    let tried = async |address: &str| {
        let answer = app.anonymous().post(body.clone()).header("x-forwarded-for", address).send().await;
        let answer: Value = answer.expect("an answer").json().await.expect("JSON");
        answer["data"]["refreshToken"]["__typename"].as_str().unwrap_or_default().to_owned()
    };
    for _ in 0..40 {
        tried("2001:db8:1:1::1").await;
    }
    assert_eq!(tried("2001:db8:1:1::1").await, "RateLimited");
    assert_eq!(tried("2001:db8:1:2::1").await, "InvalidRefreshToken");
}
