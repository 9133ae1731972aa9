//! A reset of the password of an account with a second factor.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{ADA, first, totp, with_factor};
use crate::support::flows::code;
use crate::support::{Client, PASSWORD, TestApp};
use crate::totp::{Authenticator, STEP, events, kind};

pub(super) const NEW: &str = "another staple for the horse";

/// Whoever reads the owner's mail, with the factor that is shown.
pub(super) async fn reset(client: &Client, proof: &Value, new: &str, factor: Value) -> Value {
    let query = "mutation($i: CompletePasswordResetInput!) { completePasswordReset(input: $i) { __typename \
        ... on CompletePasswordResetSuccess { endedCount } ... on SecondFactorRequired { flow expiresAt methods passkeyOptions } \
        ... on UserError { code message } ... on InvalidCode { triesLeft } ... on RateLimited { retryAfter } } }";
    let answer = client.send(query, json!({ "i": { "proof": proof, "newPassword": new, "factor": factor } })).await;
    if answer["data"]["completePasswordReset"].is_null() {
        answer
    } else {
        answer["data"]["completePasswordReset"].clone()
    }
}

/// The account, whose address is proven, and what the mail of a reset brought.
async fn asked(app: &TestApp) -> (Authenticator, Vec<String>, Value, Value) {
    let (authenticator, codes) = with_factor(app).await;
    app.database.execute("UPDATE accounts SET email_verified_at = created_at").await;
    let started = app.anonymous().start_password_reset(ADA).await;
    let mail = app.mail_to(ADA).await;
    (authenticator, codes, mail.by_link(), code(&started, &mail.code()))
}

#[tokio::test(flavor = "multi_thread")]
async fn it_needs_the_factor_and_without_it_nothing_is_used() {
    let app = TestApp::start().await;
    let (authenticator, codes, link, by_code) = asked(&app).await;
    let client = app.anonymous();
    for (proof, token, until) in
        [(&link, &link["link"], "2026-01-01T01:00:30Z"), (&by_code, &by_code["code"]["flow"], "2026-01-01T00:10:30Z")]
    {
        let required = reset(&client, proof, NEW, Value::Null).await;
        let expected = json!({
            "__typename": "SecondFactorRequired", "code": "SECOND_FACTOR_REQUIRED", "message": "A second factor is needed.",
            "flow": token, "expiresAt": until, "methods": ["TOTP", "RECOVERY_CODE"],
            "passkeyOptions": null,
        });
        assert_eq!(required, expected);
    }
    assert_eq!(kind(&first(&app).await), "SecondFactorRequired", "the old password is the password");
    assert_eq!((events(&app, "password_reset").await, events(&app, "code_failed").await), (0, 0));
    let wrong = reset(&client, &link, NEW, totp(&authenticator.wrong(&app))).await;
    assert_eq!((kind(&wrong), &wrong["triesLeft"]), ("InvalidCode", &json!(4)), "{wrong}");
    // A weak password is told first, and uses no factor up.
    for factor in [Value::Null, totp(&authenticator.code(&app, 0)), json!({ "recoveryCode": codes[0] })] {
        assert_eq!(kind(&reset(&client, &link, "password", factor).await), "WeakPassword");
    }
    let success = reset(&client, &link, NEW, json!({ "recoveryCode": codes[0] })).await;
    assert_eq!((kind(&success), &success["endedCount"]), ("CompletePasswordResetSuccess", &json!(1)), "{success}");
    assert_eq!(events(&app, "recovery_code_used").await, 1);
    assert_eq!(app.database.count("SELECT count(*) FROM totps").await, 1, "the factor stays");
    assert_eq!(kind(&super::login(&client, NEW).await), "SecondFactorRequired");
    assert_eq!(kind(&reset(&client, &link, NEW, totp(&authenticator.code(&app, 0))).await), "FlowExpired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_the_app_does_as_well_and_fifty_at_once_reset_once() {
    let app = TestApp::start().await;
    let (authenticator, _, link, _) = asked(&app).await;
    let factor = totp(&authenticator.code(&app, 0));
    let answers = join_all((0..50).map(|_| {
        let (client, link, factor) = (app.anonymous(), link.clone(), factor.clone());
        async move { reset(&client, &link, NEW, factor).await }
    }));
    let answers = answers.await;
    let done = answers.iter().filter(|answer| answer["__typename"] == "CompletePasswordResetSuccess");
    assert_eq!((done.count(), events(&app, "password_reset").await), (1, 1), "{answers:?}");
    assert_eq!(events(&app, "totp_used").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_factors_end_it_and_another_mail_begins_anew() {
    let app = TestApp::start().await;
    let (authenticator, codes, link, _) = asked(&app).await;
    for left in [4, 3, 2, 1, 0] {
        let wrong = reset(&app.anonymous(), &link, NEW, json!({ "recoveryCode": "0000-0000-0000" })).await;
        assert_eq!((kind(&wrong), &wrong["triesLeft"]), ("InvalidCode", &json!(left)), "{wrong}");
    }
    let over = reset(&app.anonymous(), &link, NEW, json!({ "recoveryCode": codes[0] })).await;
    assert_eq!(kind(&over), "FlowExpired", "{over}");
    app.clock.advance(2 * STEP);
    app.anonymous().start_password_reset(ADA).await;
    let link = app.mail_to(ADA).await.by_link();
    let success = reset(&app.anonymous(), &link, NEW, totp(&authenticator.code(&app, 0))).await;
    assert_eq!(kind(&success), "CompletePasswordResetSuccess", "{success}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_factor_is_needed_none_is_looked_at() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    app.anonymous().start_password_reset(ADA).await;
    let link = app.mail_to(ADA).await.by_link();
    let success = reset(&app.anonymous(), &link, NEW, totp("000000")).await;
    assert_eq!(kind(&success), "CompletePasswordResetSuccess", "{success}");
    assert_eq!(events(&app, "second_factor_failed").await, 0);
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "InvalidCredentials");
}

/// Whoever asked for the mail tries codes without having read it.
#[tokio::test(flavor = "multi_thread")]
async fn tries_of_the_code_and_tries_of_the_factor_are_counted_apart() {
    let app = TestApp::start().await;
    let (authenticator, _, link, by_code) = asked(&app).await;
    let client = app.anonymous();
    for left in [4, 3, 2] {
        let wrong = reset(&client, &link, NEW, totp(&authenticator.wrong(&app))).await;
        assert_eq!((kind(&wrong), &wrong["triesLeft"]), ("InvalidCode", &json!(left)), "{wrong}");
    }
    let mut guessed = by_code.clone();
    guessed["code"]["code"] = json!(if by_code["code"]["code"] == "00000000" { "00000001" } else { "00000000" });
    for left in [4, 3, 2, 1, 0] {
        let wrong = reset(&client, &guessed, NEW, Value::Null).await;
        assert_eq!((kind(&wrong), &wrong["triesLeft"]), ("InvalidCode", &json!(left)), "{wrong}");
    }
    assert_eq!(kind(&reset(&client, &by_code, NEW, Value::Null).await), "FlowExpired", "the code is over");
    let success = reset(&client, &link, NEW, totp(&authenticator.code(&app, 0))).await;
    assert_eq!(kind(&success), "CompletePasswordResetSuccess", "{success}");
}
