//! A passkey as the second factor that an account needs.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{ADA, REQUIRED, SIGN_IN, asked, login, outcome, register, sessions, start};
use crate::support::passkeys::{Authenticator, flags};
use crate::support::{Client, TestApp};
use crate::totp::{enrolled, events, kind};

/// Shows a passkey that was made.
pub(super) async fn complete(client: &Client, asked: &Value, credential: &Value, name: Option<&str>) -> Value {
    let query = format!(
        "mutation($i: CompleteSecondFactorEnrolmentInput!) {{ completeSecondFactorEnrolment(input: $i) {{ __typename \
         ... on SecondFactorEnrolmentSuccess {{ {SIGN_IN} recoveryCodes }} ... on UserError {{ code message }} \
         ... on InvalidInput {{ fields {{ path code }} }} ... on RateLimited {{ retryAfter }} }} }}"
    );
    let input = json!({ "flow": asked["flow"], "factor": { "passkey": credential }, "name": name });
    outcome(client, &query, "completeSecondFactorEnrolment", input).await
}

/// Has the authenticator make a passkey for this enrolment.
pub(super) async fn made(client: &Client, asked: &Value, authenticator: &mut Authenticator) -> Value {
    authenticator.register(&start(client, asked).await["passkeyOptions"])
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_added_and_signs_in() {
    let (app, asked) = asked(&[]).await;
    assert_eq!(asked["methods"], json!(["PASSKEY", "TOTP"]), "{asked}");
    let client = app.anonymous();
    let options = start(&client, &asked).await["passkeyOptions"].clone();
    assert_eq!((&options["user"]["name"], &options["excludeCredentials"]), (&json!(ADA), &json!([])), "{options}");
    let mut authenticator = Authenticator::synced();
    let credential = authenticator.register(&options);
    let success = complete(&client, &asked, &credential, Some(" Ada's laptop ")).await;
    assert_eq!(kind(&success), "SecondFactorEnrolmentSuccess", "{success}");
    assert_eq!(success["session"]["methods"], json!(["PASSWORD", "PASSKEY"]), "{success}");
    assert_eq!(success["recoveryCodes"].as_array().map(Vec::len), Some(10), "{success}");
    assert_eq!((events(&app, "passkey_added").await, events(&app, "logged_in").await), (1, 1));
    let ada = client.signed_in(&success);
    assert_eq!(ada.passkeys().await[0]["name"], "Ada's laptop");
    let mail = app.mail_to(ADA).await.text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(mail.contains("Ada's laptop") && mail.contains("You can not undo it yourself. Tell "), "{mail}");
    let again = login(&client, ADA).await;
    assert_eq!((kind(&again), &again["methods"]), ("SecondFactorRequired", &json!(["PASSKEY", "RECOVERY_CODE"])));
    let factor = json!({ "recoveryCode": success["recoveryCodes"][0] });
    let success = crate::second_step::complete(&client, &again, factor).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_is_refused_and_five_end_the_enrolment() {
    let (app, ada) = asked(&[]).await;
    let eve = register(&app.anonymous(), "eve@example.com").await;
    let client = app.anonymous();
    let others = made(&client, &eve, &mut Authenticator::synced()).await;
    let mut page = Authenticator::synced();
    page.origin = "https://evil.example".to_owned();
    let page = made(&client, &ada, &mut page).await;
    let mut unverified = Authenticator::synced();
    unverified.flags = flags::PRESENT;
    let unverified = made(&client, &ada, &mut unverified).await;
    let mut domain = Authenticator::synced();
    domain.rp_id = Some("evil.example".to_owned());
    let domain = made(&client, &ada, &mut domain).await;
    let right = made(&client, &ada, &mut Authenticator::synced()).await;
    for forged in [others, page, unverified, domain, json!({})] {
        let refused = complete(&client, &ada, &forged, None).await;
        assert_eq!(kind(&refused), "InvalidPasskey", "{refused}");
    }
    assert_eq!(kind(&complete(&client, &ada, &right, None).await), "FlowExpired");
    assert_eq!((sessions(&app).await, app.database.count("SELECT count(*) FROM passkeys").await), (0, 0));
    let ada = login(&client, ADA).await;
    assert_eq!(kind(&complete(&client, &ada, &right, None).await), "SecondFactorEnrolmentSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_answers_at_once_one_opens_a_session() {
    let (app, one) = asked(&[]).await;
    let other = login(&app.anonymous(), ADA).await;
    let credential = made(&app.anonymous(), &one, &mut Authenticator::synced()).await;
    let answers = join_all((0..50).map(|number| {
        let (client, credential) = (app.anonymous(), credential.clone());
        let asked = if number % 2 == 0 { one.clone() } else { other.clone() };
        async move { complete(&client, &asked, &credential, None).await }
    }));
    let answers = answers.await;
    let count = |name: &str| answers.iter().filter(|answer| kind(answer) == name).count();
    assert_eq!((count("SecondFactorEnrolmentSuccess"), count("FlowExpired")), (1, 49), "{answers:?}");
    assert_eq!((sessions(&app).await, events(&app, "passkey_added").await), (1, 1));
    assert_eq!(app.database.count("SELECT count(*) FROM recovery_codes").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_another_account_has_is_refused_and_the_sign_in_goes_on() {
    let (app, ada) = asked(&[]).await;
    let eve = register(&app.anonymous(), "eve@example.com").await;
    let client = app.anonymous();
    let mut authenticator = Authenticator::synced();
    let credential = made(&client, &eve, &mut authenticator).await;
    assert_eq!(kind(&complete(&client, &eve, &credential, None).await), "SecondFactorEnrolmentSuccess");
    let credential = made(&client, &ada, &mut authenticator).await;
    assert_eq!(kind(&complete(&client, &ada, &credential, None).await), "InvalidPasskey");
    assert_eq!(sessions(&app).await, 1);
    // The challenge counts as answered.
    assert_eq!(kind(&complete(&client, &ada, &credential, None).await), "FlowExpired");
    let other = made(&client, &ada, &mut Authenticator::synced()).await;
    assert_eq!(kind(&complete(&client, &ada, &other, None).await), "SecondFactorEnrolmentSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_can_not_be_one_is_told_and_takes_no_try() {
    let (app, asked) = asked(&[]).await;
    let client = app.anonymous();
    let credential = made(&client, &asked, &mut Authenticator::synced()).await;
    for _ in 0..7 {
        let refused = complete(&client, &asked, &credential, Some("a\nb")).await;
        assert_eq!((kind(&refused), &refused["fields"][0]["path"]), ("InvalidInput", &json!(["input", "name"])));
    }
    assert_eq!(kind(&complete(&client, &asked, &credential, None).await), "SecondFactorEnrolmentSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_are_no_passkeys_it_is_an_app() {
    let (app, asked) = asked(&["--issuer=http://auth.example.com"]).await;
    assert_eq!(asked["methods"], json!(["TOTP"]), "{asked}");
    let client = app.anonymous();
    let started = start(&client, &asked).await;
    assert_eq!((kind(&started), &started["passkeyOptions"]), ("SecondFactorEnrolmentStarted", &Value::Null));
    for _ in 0..7 {
        let refused = complete(&client, &asked, &json!({}), None).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FEATURE_DISABLED", "{refused}");
    }
    super::enrol(&app, &asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_got_a_factor_meanwhile_gets_no_passkey() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let peer = app.peer(&[REQUIRED]).await;
    let there = peer.visited_by(&app.anonymous());
    let asked = login(&there, ADA).await;
    let credential = made(&there, &asked, &mut Authenticator::synced()).await;
    enrolled(&app, &ada).await;
    let refused = complete(&there, &asked, &credential, None).await;
    assert_eq!(kind(&refused), "FlowExpired", "{refused}");
    // Whoever has a session can't go on with what was begun for the sign-in either, once it was answered.
    assert_eq!((sessions(&app).await, app.database.count("SELECT count(*) FROM passkeys").await), (1, 0));
}
