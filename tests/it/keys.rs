//! Signing keys over time: made, published, signing, retiring, gone.

use std::time::Duration;

use futures_util::future::join_all;
use portcullis::tokens::lifecycle::{ACTIVATION_DELAY, JWKS_MAX_AGE, RETIREMENT, State};
use portcullis::tokens::operate::Rotated;
use portcullis::tokens::refresh::RefreshToken;
use portcullis::use_cases::keys::{list, maintain, rotate, rotate_at_once};
use serde_json::Value;

use crate::support::TestApp;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Signing keys in the table.
const KEYS: &str = "SELECT count(*) FROM keys WHERE purpose = 'access_token'";

fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).expect("a header").kid.expect("a kid")
}

/// The `kid`s that a service sees.
async fn published(app: &TestApp) -> Vec<String> {
    let answer = app.anonymous().http.get(app.url("/.well-known/jwks.json")).send().await.expect("an answer");
    let jwks: Value = answer.json().await.expect("JSON");
    let keys = jwks["keys"].as_array().expect("keys").iter();
    keys.map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
}

async fn states(app: &TestApp) -> Vec<State> {
    list(&app.console(&[]).operator()).await.expect("a list").into_iter().map(|key| key.state).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_before_a_rotation_is_good_through_its_whole_life() {
    let app = TestApp::with(&["--access-token-ttl=1d", "--session-ttl=300d"]).await;
    app.registered("ada@example.com").await;
    app.clock.advance(90 * DAY - SECOND);
    maintain(&app.app).await.expect("maintenance");
    assert_eq!(app.database.count(KEYS).await, 1, "young enough");
    app.clock.advance(SECOND);
    maintain(&app.app).await.expect("maintenance");
    assert_eq!(states(&app).await, [State::Active, State::Upcoming]);

    app.clock.advance(ACTIVATION_DELAY - SECOND);
    let before = app.anonymous().login("ada@example.com").await;
    app.clock.advance(SECOND);
    // Nothing notified the instance.
    let after = app.anonymous().login("ada@example.com").await;
    let (old, new) = (kid(before.access_token()), kid(after.access_token()));
    assert_ne!(old, new);
    assert_eq!(states(&app).await, [State::Retiring, State::Active]);

    for _ in 0..24 {
        assert_eq!(before.is_signed_in().await, Ok(()));
        assert_eq!(published(&app).await, [old.as_str(), new.as_str()]);
        maintain(&app.app).await.expect("maintenance");
        app.clock.advance(60 * MINUTE);
    }
    assert_eq!(before.is_signed_in().await, Err("TOKEN_EXPIRED".into()));
    app.clock.advance(RETIREMENT - DAY - SECOND);
    assert_eq!(before.is_signed_in().await, Err("TOKEN_EXPIRED".into()));
    app.clock.advance(SECOND);
    assert_eq!(before.is_signed_in().await, Err("TOKEN_INVALID".into()), "the key is gone, though its row is not");
    assert_eq!(published(&app).await, [new.as_str()]);
    assert_eq!(states(&app).await, [State::Gone, State::Active]);
    maintain(&app.app).await.expect("maintenance");
    assert_eq!(app.database.count(KEYS).await, 1);
    assert_eq!(kid(app.anonymous().login("ada@example.com").await.access_token()), new);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_copy_of_the_jwks_has_a_key_before_the_first_token_of_it() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let old = kid(ada.access_token());
    assert_eq!(published(&app).await, [old.as_str()], "the first key signs at once");
    rotate(&app.console(&[]).operator()).await.expect("a rotation");
    maintain(&app.app).await.expect("maintenance");
    let mut seen = Duration::ZERO;
    loop {
        let signing = kid(app.anonymous().login("ada@example.com").await.access_token());
        let keys = published(&app).await;
        assert!(keys.contains(&signing) && keys.len() == 2);
        if signing != old {
            break;
        }
        app.clock.advance(MINUTE);
        seen += MINUTE;
    }
    assert_eq!(seen, 3 * JWKS_MAX_AGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_learns_of_a_key_late_verifies_its_first_token() {
    let app = TestApp::with(&["--access-token-ttl=1h"]).await;
    let old = app.registered("ada@example.com").await;
    let late = app.instance(&[]).await;
    let verifies = |client: &crate::support::SignedIn| {
        late.access_tokens.verify(&late.keys.current(), client.access_token(), app.app.clock.now()).is_ok()
    };
    rotate(&app.console(&[]).operator()).await.expect("a rotation");
    maintain(&app.app).await.expect("maintenance");
    app.clock.advance(ACTIVATION_DELAY - SECOND);
    assert!(verifies(&app.anonymous().login("ada@example.com").await), "it still knows whatever key signs");
    maintain(&late).await.expect("maintenance");
    app.clock.advance(SECOND);
    let new = app.anonymous().login("ada@example.com").await;
    assert_ne!(kid(old.access_token()), kid(new.access_token()));
    assert!(verifies(&new) && verifies(&old));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_jwks_is_cached_and_asked_for_again_by_its_etag() {
    let app = TestApp::start().await;
    let http = app.anonymous().http.clone();
    let url = app.url("/.well-known/jwks.json");
    let first = http.get(&url).send().await.expect("an answer");
    assert_eq!(first.headers()["cache-control"], "public, max-age=300");
    let etag = first.headers()["etag"].to_str().expect("text").to_owned();
    assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 40, "strong: {etag}");
    let again = http.get(&url).send().await.expect("an answer");
    assert_eq!(again.headers()["etag"].to_str().expect("text"), etag);

    for known in [
        etag.clone(),
        format!("\"x\", {etag}"),
        format!("\"x,\",{etag} , W/\"\""),
        format!("W/{etag}"),
        format!("\"a space\", {etag}"),
        "*".to_owned(),
    ] {
        let answer = http.get(&url).header("if-none-match", &known).send().await.expect("an answer");
        assert_eq!(answer.status(), 304, "{known}");
        assert_eq!(answer.headers()["etag"].to_str().expect("text"), etag);
        assert_eq!(answer.headers()["cache-control"], "public, max-age=300");
        assert!(answer.bytes().await.expect("a body").is_empty());
    }
    let quoted = format!("\"x, {}\"", etag.trim_matches('"'));
    for unknown in [
        "\"x\"",
        "",
        &etag[1..],
        etag.trim_matches('"'),
        &quoted,
        "\"a space\"",
        "\"\t\"",
        "W/\"",
        "\"",
        ",,",
        "\"x\", *",
    ] {
        let answer = http.get(&url).header("if-none-match", unknown).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{unknown}");
    }
    rotate(&app.console(&[]).operator()).await.expect("a rotation");
    maintain(&app.app).await.expect("maintenance");
    let changed = http.get(&url).header("if-none-match", &etag).send().await.expect("an answer");
    assert_eq!(changed.status(), 200);
    assert_ne!(changed.headers()["etag"].to_str().expect("text"), etag);
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_maintain_at_once_make_one_key() {
    let app = TestApp::with(&["--key-rotation=1d"]).await;
    let instances = join_all((0..8).map(|_| app.instance(&["--key-rotation=1d"]))).await;
    app.clock.advance(DAY);
    for _ in 0..2 {
        let done = join_all(instances.iter().map(maintain)).await;
        assert!(done.iter().all(Result::is_ok), "{done:?}");
        assert_eq!(states(&app).await, [State::Active, State::Upcoming]);
    }
    let jwks = |keys: &portcullis::tokens::keys::Keys| keys.current().jwks(app.app.clock.now()).body;
    maintain(&app.app).await.expect("maintenance");
    assert!(instances.iter().all(|instance| jwks(&instance.keys) == jwks(&app.app.keys)));
    // Deletion as well.
    app.clock.advance(ACTIVATION_DELAY + RETIREMENT);
    let done = join_all(instances.iter().map(maintain)).await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    assert_eq!(states(&app).await, [State::Active, State::Upcoming], "the day was over again");
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_who_rotate_at_once_make_one_key() {
    let app = TestApp::start().await;
    let console = app.console(&[]);
    let operator = console.operator();
    // Connections first, so that all of them come at the same moment.
    join_all((0..8).map(|_| list(&operator))).await;
    let rotated = join_all((0..8).map(|_| rotate(&operator))).await;
    let planned = rotated.iter().filter(|rotated| matches!(rotated, Ok(Rotated::Planned(_)))).count();
    let waiting = rotated.iter().filter(|rotated| matches!(rotated, Ok(Rotated::Waiting(_)))).count();
    assert_eq!((planned, waiting), (1, 7), "{rotated:?}");
    assert_eq!(states(&app).await, [State::Active, State::Upcoming]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_key_is_worth_nothing_once_it_was_replaced() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    assert_eq!(ada.is_signed_in().await, Ok(()), "and is remembered");
    let generation = app.app.keys.current().generation();
    rotate(&app.console(&[]).operator()).await.expect("a rotation");
    let replaced = rotate_at_once(&app.console(&[]).operator()).await.expect("a rotation");
    assert_eq!((replaced.deleted, replaced.key.state), (2, State::Active));
    maintain(&app.app).await.expect("maintenance");
    assert_ne!(app.app.keys.current().generation(), generation);
    assert_eq!(ada.is_signed_in().await, Err("TOKEN_INVALID".into()));
    assert_eq!(published(&app).await, [replaced.key.kid.to_string()]);
    let again = app.anonymous().login("ada@example.com").await;
    assert_eq!(kid(again.access_token()), replaced.key.kid.to_string());
    assert_eq!(again.is_signed_in().await, Ok(()));
    assert!(RefreshToken::verify(&app.app.keys.current(), ada.refresh_token()).is_some(), "refresh tokens live on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remembered_token_still_expires() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    assert_eq!(ada.is_signed_in().await, Ok(()));
    assert!(format!("{:?}", app.app.access_tokens).contains("VerifiedTokens(1)"), "{:?}", app.app.access_tokens);
    app.clock.advance(599 * SECOND);
    assert_eq!(ada.is_signed_in().await, Ok(()));
    app.clock.advance(SECOND);
    assert_eq!(ada.is_signed_in().await, Err("TOKEN_EXPIRED".into()));
    let forged = format!("{}x", ada.access_token());
    assert_eq!(ada.with_token(&forged).is_signed_in().await, Err("TOKEN_INVALID".into()));
    assert!(format!("{:?}", app.app.access_tokens).contains("VerifiedTokens(1)"), "what did not verify is not kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_can_not_be_opened_do_not_disturb_a_running_server() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let copy =
        "INSERT INTO keys SELECT gen_random_uuid(), purpose, algorithm, sealed, created_at, activates_at FROM keys";
    app.database.execute(copy).await;
    maintain(&app.app).await.expect("maintenance");
    assert_eq!(ada.is_signed_in().await, Ok(()));
    app.clock.advance(90 * DAY);
    assert!(maintain(&app.app).await.is_err(), "it makes no key beside those that it can't open");
    assert_eq!(app.database.count(KEYS).await, 2);
    app.database.execute("DELETE FROM keys").await;
    maintain(&app.app).await.expect_err("no keys to go on with");
    app.anonymous().login("ada@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_before_the_migration_sign_as_before() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let (down, up) = (
        include_str!("../../migrations/2026-11-25-000002_key_rotation/down.sql"),
        include_str!("../../migrations/2026-11-25-000002_key_rotation/up.sql"),
    );
    app.database.operator.batch_execute(down).await.expect("down");
    app.database.operator.batch_execute(up).await.expect("up");
    let instance = app.instance(&[]).await;
    let now = app.app.clock.now();
    assert!(instance.access_tokens.verify(&instance.keys.current(), ada.access_token(), now).is_ok());
    assert_eq!(instance.keys.current().jwks(now).etag, app.app.keys.current().jwks(now).etag);
}
