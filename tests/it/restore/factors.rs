//! What may be used once, in a database that was restored to before its use.

use serde_json::{Value, json};

use super::{ADA, Dump, server};
use crate::passkey_sign_in::{finish, start, with_passkey};
use crate::second_step::{complete, login, totp, with_factor};
use crate::support::passkeys::Authenticator;
use crate::support::{PASSWORD, TestApp};
use crate::totp::{STEP, kind};

/// Signs in with this factor.
async fn sign_in(app: &TestApp, factor: &Value) -> Value {
    let client = app.anonymous();
    complete(&client, &login(&client, PASSWORD).await, factor.clone()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_were_used_after_the_backup_are_good_once_more() {
    let app = server().await;
    let (authenticator, codes) = with_factor(&app).await;
    let dump = Dump::of(&app.database).await;
    let (code, recovery) = (totp(&authenticator.code(&app, 0)), json!({ "recoveryCode": codes[0] }));
    for factor in [&code, &recovery] {
        assert_eq!(kind(&sign_in(&app, factor).await), "LoginSuccess");
        assert_eq!(kind(&sign_in(&app, factor).await), "InvalidCode");
    }

    let after = dump.served(&app.clock).await;
    for factor in [&code, &recovery] {
        assert_eq!(kind(&sign_in(&after, factor).await), "LoginSuccess", "{factor}");
        assert_eq!(kind(&sign_in(&after, factor).await), "InvalidCode", "{factor}");
    }

    let after = dump.served(&app.clock).await;
    app.clock.advance(3 * STEP);
    assert_eq!(kind(&sign_in(&after, &code).await), "InvalidCode", "time has passed");
    assert_eq!(kind(&sign_in(&after, &recovery).await), "LoginSuccess", "however much");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_that_was_removed_signs_in_and_an_answer_counts_once_more() {
    let app = server().await;
    let mut authenticator = Authenticator::synced();
    let ada = with_passkey(&app, ADA, &mut authenticator).await;
    let dump = Dump::of(&app.database).await;
    let credential = authenticator.sign_in(&start(&app.anonymous()).await);
    assert_eq!(kind(&finish(&app.anonymous(), &credential).await), "LoginSuccess");
    assert_eq!(kind(&finish(&app.anonymous(), &credential).await), "FlowExpired");
    let id = ada.passkeys().await[0]["id"].clone();
    let remove = "mutation($i: RemovePasskeyInput!) { removePasskey(input: $i) { __typename } }";
    let removed = ada.outcome(remove, "removePasskey", json!({ "i": { "id": id } })).await;
    assert_eq!(kind(&removed), "RemovePasskeySuccess", "{removed}");

    let after = dump.served(&app.clock).await;
    assert_eq!(kind(&finish(&after.anonymous(), &credential).await), "LoginSuccess");
    assert_eq!(kind(&finish(&after.anonymous(), &credential).await), "FlowExpired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_used_after_the_backup_sets_a_password_once_more() {
    let app = server().await;
    app.registered(ADA).await;
    app.anonymous().start_password_reset(ADA).await;
    let link = app.mail_to(ADA).await.by_link();
    let dump = Dump::of(&app.database).await;
    let reset =
        async |app: &TestApp| app.anonymous().complete_password_reset(link.clone(), "a new one, of ada's").await;
    assert_eq!(kind(&reset(&app).await), "CompletePasswordResetSuccess");
    assert_eq!(kind(&reset(&app).await), "FlowExpired");

    let after = dump.served(&app.clock).await;
    assert_eq!(kind(&reset(&after).await), "CompletePasswordResetSuccess");
    let after = dump.served(&app.clock).await;
    app.clock.advance(std::time::Duration::from_secs(60 * 60));
    assert_eq!(kind(&reset(&after).await), "FlowExpired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_was_forgotten_after_the_backup_is_trusted_again() {
    let app = server().await;
    let (authenticator, _) = with_factor(&app).await;
    let client = app.anonymous();
    let query = "mutation($i: CompleteSignInInput!) { completeSignIn(input: $i) { __typename \
        ... on LoginSuccess { deviceToken } ... on UserError { code } } }";
    let asked = login(&client, PASSWORD).await;
    let code = totp(&authenticator.code(&app, 0));
    let input = json!({ "flow": asked["flow"], "factor": code, "rememberDevice": true });
    let success = client.outcome(query, "completeSignIn", json!({ "i": input })).await;
    let token = success["deviceToken"].as_str().unwrap_or_else(|| panic!("{success}"));
    let dump = Dump::of(&app.database).await;
    app.database.execute("DELETE FROM trusted_devices").await;
    assert_eq!(kind(&login(&client.on_device(token), PASSWORD).await), "SecondFactorRequired");

    let after = dump.served(&app.clock).await;
    assert_eq!(kind(&login(&after.anonymous().on_device(token), PASSWORD).await), "LoginSuccess");
}
