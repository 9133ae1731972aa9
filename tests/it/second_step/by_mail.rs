//! A mail and a second factor.

use serde_json::{Value, json};

use super::{ADA, by_mail, complete, totp, with_factor};
use crate::support::TestApp;
use crate::totp::{events, kind};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_an_app_is_signed_in_by_a_mail_and_a_code() {
    let app = TestApp::start().await;
    let (authenticator, _) = with_factor(&app).await;
    let client = app.anonymous();
    client.start_email_sign_in(ADA).await;
    let proof = app.mail_to(ADA).await.by_link();
    let asked = client.sign_in_with_email(proof.clone()).await;
    assert_eq!((kind(&asked), asked["tokens"].clone()), ("SecondFactorRequired", Value::Null), "{asked}");
    assert_eq!(kind(&client.sign_in_with_email(proof).await), "FlowExpired", "what the mail brought is used");
    assert_eq!((events(&app, "logged_in").await, events(&app, "email_verified").await), (0, 0));
    let asked = by_mail(&app, &client).await;
    assert_eq!(asked["methods"], json!(["TOTP", "RECOVERY_CODE"]), "{asked}");
    let success = complete(&client, &asked, totp(&authenticator.code(&app, 0))).await;
    assert_eq!(
        (kind(&success), &success["session"]["methods"]),
        ("LoginSuccess", &json!(["EMAIL", "TOTP"])),
        "{success}"
    );
    assert_eq!(success["user"]["emailVerifiedAt"], "2026-01-01T00:00:30Z", "the address is proven by that");
    assert_eq!((events(&app, "logged_in").await, events(&app, "email_verified").await), (1, 1));
    assert_eq!(client.signed_in(&success).is_signed_in().await, Ok(()));
}

/// Somebody else may have registered the address, and added the app: then the owner gets the account by a reset.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_step_alone_proves_no_address() {
    let app = TestApp::start().await;
    with_factor(&app).await;
    let owner = app.anonymous();
    assert_eq!(kind(&by_mail(&app, &owner).await), "SecondFactorRequired");
    assert_eq!(app.database.count("SELECT count(*) FROM accounts WHERE email_verified_at IS NULL").await, 1);
    owner.start_password_reset(ADA).await;
    let reset = owner.complete_password_reset(app.mail_to(ADA).await.by_link(), "another staple for the horse").await;
    assert_eq!(kind(&reset), "CompletePasswordResetSuccess", "{reset}");
    assert_eq!(app.database.count("SELECT count(*) FROM totps").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_password_needs_the_factor_as_well_and_gets_no_device_token() {
    let app = TestApp::start().await;
    let (authenticator, _) = with_factor(&app).await;
    app.database.execute("DELETE FROM passwords").await;
    let asked = by_mail(&app, &app.anonymous()).await;
    let success = complete(&app.anonymous(), &asked, totp(&authenticator.code(&app, 0))).await;
    assert_eq!((kind(&success), &success["deviceToken"]), ("LoginSuccess", &Value::Null), "{success}");
}
