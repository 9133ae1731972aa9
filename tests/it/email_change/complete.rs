//! Giving an account the address that was proven.

use serde_json::{Value, json};

use super::{MINUTE, addresses, change, complete, events, is, start};
use crate::support::{Client, PASSWORD, TestApp, until};

#[tokio::test(flavor = "multi_thread")]
async fn the_link_gives_the_account_its_new_address_and_ends_nothing() {
    let app = TestApp::start().await;
    let peer = app.peer(&[]).await;
    let ada = app.registered("ada@example.com").await;
    let phone = app.anonymous().login("ada@example.com").await;
    assert_eq!(peer.visited_by(&phone).is_signed_in().await, Ok(()));
    app.clock.advance(5 * MINUTE);
    start(&ada, "lovelace@example.com").await;
    let link = app.mail_to("lovelace@example.com").await.link();
    // On any device.
    let answer = complete(&app.anonymous(), json!({ "link": link })).await;
    assert_eq!(answer, json!({ "__typename": "CompleteEmailChangeSuccess", "email": "lovelace@example.com" }));
    let me = ada.send("{ me { email emailVerifiedAt } }", Value::Null).await;
    assert_eq!(me["data"]["me"], json!({ "email": "lovelace@example.com", "emailVerifiedAt": "2026-01-01T00:05:00Z" }));
    until("the other instance hears of it", async || {
        peer.visited_by(&phone).me().await["data"]["me"]["email"] == "lovelace@example.com"
    })
    .await;
    let again = app.anonymous().on_device(ada.device_token());
    assert_eq!(again.login_type("ada@example.com", PASSWORD).await, "InvalidCredentials");
    assert_eq!(again.login_type("lovelace@example.com", PASSWORD).await, "LoginSuccess");
    assert_eq!(ada.refresh().await.is_signed_in().await, Ok(()));
    let of_session = format!(
        "SELECT count(*) FROM audit_events WHERE kind = 'email_changed' AND session_id = '{}'",
        ada.session_id()
    );
    assert_eq!(app.database.count(&of_session).await, 1);
    let mut kinds = events(&ada).await;
    kinds.sort_unstable();
    assert_eq!(kinds, ["EMAIL_CHANGED", "EMAIL_CHANGE_REQUESTED", "LOGGED_IN", "LOGGED_IN", "REGISTERED"]);
    // It is used, and the old address is told.
    assert!(is(&complete(&app.anonymous(), json!({ "link": link })).await, "FlowExpired"));
    let told = app.mails_to("ada@example.com").await;
    assert_eq!(told.len(), 1);
    assert!(told[0].link() != link && app.mails_to("lovelace@example.com").await.len() == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_does_as_well_and_wrong_ones_are_counted() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let started = start(&ada, "b@example.com").await;
    let code = app.mail_to("b@example.com").await.code();
    let proof = |code: &str| json!({ "code": { "flow": started["flow"], "code": code } });
    let wrong = if code.starts_with('0') { "10000000" } else { "00000000" };
    for left in [4, 3, 2, 1] {
        let answer = complete(&ada, proof(wrong)).await;
        assert_eq!((&answer["__typename"], &answer["triesLeft"]), (&json!("InvalidCode"), &json!(left)));
    }
    assert!(is(&complete(&ada, proof(&code)).await, "CompleteEmailChangeSuccess"));
    assert!(is(&complete(&ada, proof(&code)).await, "FlowExpired"));
    assert_eq!(events(&ada).await.iter().filter(|kind| *kind == "CODE_FAILED").count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_expires() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let started = start(&ada, "b@example.com").await;
    let mail = app.mail_to("b@example.com").await;
    app.clock.advance(10 * MINUTE);
    let code = json!({ "code": { "flow": started["flow"], "code": mail.code() } });
    assert!(is(&complete(&ada, code).await, "FlowExpired"));
    app.clock.advance(50 * MINUTE);
    assert!(is(&complete(&ada, json!({ "link": mail.link() })).await, "FlowExpired"));
    for link in ["", "pcl_", "pcf_x", started["flow"].as_str().expect("a flow")] {
        assert!(is(&complete(&ada, json!({ "link": link })).await, "FlowExpired"), "{link}");
    }
    assert_eq!(addresses(&app).await, ["ada@example.com"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_at_once_one_succeeds() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    start(&ada, "b@example.com").await;
    let proof = json!({ "link": app.mail_to("b@example.com").await.link() });
    let (anonymous, proof) = (&app.anonymous(), &proof);
    let answers = futures_util::future::join_all((0..50).map(|_| complete(anonymous, proof.clone()))).await;
    let number = |kind: &str| answers.iter().filter(|answer| is(answer, kind)).count();
    assert_eq!((number("CompleteEmailChangeSuccess"), number("FlowExpired")), (1, 49), "{answers:?}");
    assert_eq!(app.mails_to("ada@example.com").await.len(), 1);
    assert_eq!(app.database.count("SELECT count(*) FROM flows WHERE kind = 'email_revert'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_from_one_address_one_succeeds() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    start(&ada, "b@example.com").await;
    start(&ada, "c@example.com").await;
    let (b, c) = (app.mail_to("b@example.com").await.link(), app.mail_to("c@example.com").await.link());
    let anonymous = app.anonymous();
    let answers = tokio::join!(complete(&anonymous, json!({ "link": b })), complete(&anonymous, json!({ "link": c })));
    let successes = [&answers.0, &answers.1].iter().filter(|answer| is(answer, "CompleteEmailChangeSuccess")).count();
    assert_eq!(successes, 1, "{answers:?}");
    assert!(is(&answers.0, "FlowExpired") || is(&answers.1, "FlowExpired"), "{answers:?}");
    // And neither can be confirmed any more, also when the account has its first address again.
    app.database.execute("UPDATE accounts SET email = 'ada@example.com'").await;
    for link in [b, c] {
        assert!(is(&complete(&anonymous, json!({ "link": link })).await, "FlowExpired"));
    }
}

/// As when it was begun while another one was being completed.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_started_from_an_address_of_before_is_over() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    start(&ada, "c@example.com").await;
    let late = app.mail_to("c@example.com").await.link();
    app.database.execute("UPDATE flows SET account_id = NULL").await;
    change(&app, &ada, "ada@example.com", "b@example.com").await;
    let again =
        "UPDATE flows SET account_id = accounts.id FROM accounts WHERE kind = 'email_change' AND consumed_at IS NULL";
    assert_eq!(app.database.execute(again).await, 1);
    assert!(is(&complete(&ada, json!({ "link": late })).await, "FlowExpired"));
    assert_eq!(addresses(&app).await, ["b@example.com"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_case_needs_no_revert() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    for typed in ["Ada@Example.com", "Ada@Example.com"] {
        start(&ada, typed).await;
        let link = app.mail_to("Ada@example.com").await.link();
        let answer = complete(&ada, json!({ "link": link })).await;
        assert_eq!(answer["email"], "Ada@example.com", "{answer}");
    }
    assert!(app.mails_to("ada@example.com").await.is_empty());
    assert_eq!(app.mails_to("Ada@example.com").await.len(), 2);
    assert_eq!(app.database.count("SELECT count(*) FROM flows WHERE kind = 'email_revert'").await, 0);
    assert_eq!(app.anonymous().login_type("ADA@EXAMPLE.COM", PASSWORD).await, "LoginSuccess");
}

async fn send(client: &Client, document: &str) -> Value {
    let answer = client.send(document, Value::Null).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_the_session_that_asked_ends_the_change() {
    let change_password = "mutation { changePassword(input: { currentPassword: \"correct horse battery staple\", \
        newPassword: \"another staple for the horse\" }) { ... on ChangePasswordSuccess { endedCount } } }";
    for ending in ["mutation { logout { ended } }", "mutation { revokeOtherSessions { __typename } }", change_password]
    {
        let app = TestApp::start().await;
        let thief = app.registered("ada@example.com").await;
        let owner = app.anonymous().login("ada@example.com").await;
        start(&thief, "eve@example.com").await;
        let link = app.mail_to("eve@example.com").await.link();
        send(if ending.contains("logout") { &thief } else { &owner }, ending).await;
        assert!(is(&complete(&thief, json!({ "link": link })).await, "FlowExpired"), "{ending}");
        assert_eq!(addresses(&app).await, ["ada@example.com"], "{ending}");
    }
    // The session that changes the password goes on, and so does its change of the address.
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    start(&ada, "b@example.com").await;
    let link = app.mail_to("b@example.com").await.link();
    send(&ada, change_password).await;
    assert!(is(&complete(&ada, json!({ "link": link })).await, "CompleteEmailChangeSuccess"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_disabled_or_deleted_meanwhile_is_not_changed() {
    for ending in [
        "UPDATE accounts SET disabled_at = now()",
        "UPDATE accounts SET disabled_at = now(), deleted_at = now(), email = 'deleted ' || id, deleted_email = email",
    ] {
        let app = TestApp::start().await;
        let ada = app.registered("ada@example.com").await;
        start(&ada, "b@example.com").await;
        let link = app.mail_to("b@example.com").await.link();
        app.database.execute(ending).await;
        assert!(is(&complete(&ada, json!({ "link": link })).await, "FlowExpired"), "{ending}");
        assert_eq!(app.database.count("SELECT count(*) FROM accounts WHERE email = 'b@example.com'").await, 0);
    }
}

/// What belongs to the old address is over with it.
#[tokio::test(flavor = "multi_thread")]
async fn other_open_flows_of_the_account_end_and_reverts_stay() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    change(&app, &ada, "ada@example.com", "b@example.com").await;
    for kind in ["password_reset", "email_sign_in", "email_verification", "email_change"] {
        let open = format!(
            "INSERT INTO flows (id, kind, link_kind, account_id, email, locale, token_hash, link_hash, created_at, expires_at) \
             SELECT gen_random_uuid(), '{kind}', '{kind}', id, email, 'en', '\\x{:02x}', '\\x{:02x}', '2026-01-01', '2026-02-01' FROM accounts",
            kind.len(),
            kind.len()
        );
        app.database.execute(&open).await;
    }
    let open = "SELECT count(*) FROM flows WHERE consumed_at IS NULL AND kind <> 'email_revert'";
    assert_eq!(app.database.count(open).await, 4);
    change(&app, &ada, "b@example.com", "c@example.com").await;
    assert_eq!(app.database.count(open).await, 0);
    let reverts = "SELECT count(*) FROM flows WHERE consumed_at IS NULL AND kind = 'email_revert' AND code_mac IS NULL";
    assert_eq!(app.database.count(reverts).await, 2);
}

/// Whoever reads the database learns no token and no code.
#[tokio::test(flavor = "multi_thread")]
async fn no_table_has_a_token_or_a_code_in_plain() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let started = start(&ada, "b@example.com").await;
    let secrets = |mail: &crate::support::mails::Mail| vec![mail.link(), mail.code(), mail.code().replace(' ', "")];
    let mut all = vec![started["flow"].as_str().expect("a flow").to_owned()];
    all.extend(secrets(&app.mail_to("b@example.com").await));
    complete(&ada, json!({ "link": all[1] })).await;
    all.push(app.mail_to("ada@example.com").await.link());
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema";
    let tables = app.database.operator.query(tables, &[]).await.expect("tables");
    assert!(tables.len() > 10);
    for table in tables {
        let rows = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {} t", table.get::<_, &str>(0));
        let text: String = app.database.operator.query_one(&rows, &[]).await.expect("rows").get(0);
        for secret in &all {
            // Bytes are shown in hexadecimal.
            let bytes: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            assert!(!text.contains(secret.as_str()) && !text.contains(&bytes), "{secret} in {rows}");
        }
    }
}
