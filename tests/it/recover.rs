//! `accounts recover`: an operator gets somebody back in who has lost all second factors.

use std::time::Duration;

use portcullis::error::Error;
use portcullis::use_cases::accounts::set_enabled;
use portcullis::use_cases::recover_account::{Recovered, recover};
use serde_json::{Value, json};

use crate::email_change::{change, revert};
use crate::passkeys::ADD_FACTORS;
use crate::support::app::SECRET;
use crate::support::flows::{held_up, kind};
use crate::support::process::run;
use crate::support::{PASSWORD, TestApp};
use crate::totp::{enrolled, events, factors};

const ADA: &str = "ada@example.com";
const NEW: &str = "another staple for the horse";

async fn recovered(app: &TestApp) {
    let outcome = recover(&app.app.operator(), ADA).await.expect("a database");
    assert!(matches!(outcome, Recovered::Done(_)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_gets_in_by_the_mail_alone_and_nobody_by_what_was_there_before() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let (_, codes) = enrolled(&app, &ada).await;
    app.database.execute("UPDATE accounts SET email_verified_at = created_at").await;
    let waiting = crate::second_step::login(&app.anonymous(), PASSWORD).await;
    assert_eq!(kind(&waiting), "SecondFactorRequired", "{waiting}");
    recovered(&app).await;

    assert!(ada.is_signed_in().await.is_err(), "all sessions ended");
    assert_eq!(ada.try_refresh(ada.refresh_token()).await["reason"], "REVOKED");
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "InvalidCredentials", "who knows the password is out");
    let factor = json!({ "recoveryCode": codes[0] });
    let completed = crate::second_step::complete(&app.anonymous(), &waiting, factor).await;
    assert_eq!(kind(&completed), "FlowExpired", "and so is who was half in");

    let mail = app.mail_to(ADA).await;
    assert!(mail.text().starts_with("Get back into your account\n"), "{}", mail.text());
    let reset = app.anonymous().complete_password_reset(mail.by_link(), NEW).await;
    assert_eq!(kind(&reset), "CompletePasswordResetSuccess", "no factor is asked for: {reset}");
    let login = app.anonymous().try_login(ADA, NEW).await;
    let ada = app.anonymous().signed_in(&login["data"]["login"]);
    let left = factors(&ada).await;
    assert_eq!(left, json!({ "totpEnabledAt": null, "recoveryCodesLeft": 0 }));
    let events = ada.send("{ me { securityEvents(first: 100) { nodes { kind } } } }", Value::Null).await;
    let count = |kind: &str| events.to_string().matches(&format!("\"{kind}\"")).count();
    assert_eq!((count("ACCOUNT_RECOVERED"), count("TOTP_REMOVED")), (1, 1), "{events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_disabled_or_gone_is_not_recovered_and_without_mails_none_is() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    for nobody in ["eve@example.com", "eve", "", "' OR true --"] {
        let outcome = recover(&app.app.operator(), nobody).await.expect("a database");
        assert!(matches!(outcome, Recovered::Unknown), "{nobody}: {outcome:?}");
    }
    set_enabled(&app.app.operator(), ADA, false).await.expect("a database");
    let outcome = recover(&app.app.operator(), ADA).await.expect("a database");
    assert!(matches!(&outcome, Recovered::Disabled(id) if id.0.to_string() == ada.user_id()), "{outcome:?}");
    set_enabled(&app.app.operator(), ADA, true).await.expect("a database");
    let silent = app.instance(&["--env=production", "--issuer=https://auth.example.com"]).await;
    let outcome = recover(&silent.operator(), ADA).await;
    assert!(matches!(outcome, Err(Error::Disabled(_))), "{outcome:?}");
    assert_eq!(app.anonymous().login_type(ADA, PASSWORD).await, "LoginSuccess", "nothing was done");
    assert_eq!(app.database.count("SELECT count(*) FROM mails WHERE kind = 'account_recovered'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_that_is_added_while_it_waits_is_removed_as_well() {
    let app = TestApp::start().await;
    app.registered(ADA).await;
    let server = app.app.clone();
    let recovering = async move {
        let outcome = recover(&server.operator(), ADA).await.expect("a database");
        assert!(matches!(outcome, Recovered::Done(_)), "{outcome:?}");
        Value::Null
    };
    held_up(&app, ADD_FACTORS, recovering, async || {}).await;
    for table in ["passkeys", "totps", "recovery_codes", "passwords"] {
        assert_eq!(app.database.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!((events(&app, "passkey_removed").await, events(&app, "totp_removed").await), (1, 1));
}

/// Whoever took the account by a change of its address, and then talked the operator into a recovery, does not keep it.
#[tokio::test(flavor = "multi_thread")]
async fn the_address_before_can_still_revert_a_change() {
    let app = TestApp::start().await;
    let thief = app.registered(ADA).await;
    let link = change(&app, &thief, ADA, "thief@example.com").await;
    app.clock.advance(Duration::from_secs(1));
    let outcome = recover(&app.app.operator(), "thief@example.com").await.expect("a database");
    assert!(matches!(outcome, Recovered::Done(_)), "{outcome:?}");
    let reverted = revert(&app.anonymous(), &link).await;
    assert_eq!(kind(&reverted), "RevertEmailChangeSuccess", "{reverted}");
    let mail = app.mail_to("thief@example.com").await;
    let reset = app.anonymous().complete_password_reset(mail.by_link(), NEW).await;
    assert_eq!(kind(&reset), "FlowExpired", "{reset}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_what_it_did() {
    let app = TestApp::start().await;
    let ada = app.registered(ADA).await;
    let environment = |more: (&'static str, &'static str)| {
        [
            ("DATABASE_URL", app.database.url.clone()),
            ("PORTCULLIS_SECRET", SECRET.to_owned()),
            (more.0, more.1.to_owned()),
        ]
    };
    let command = |account: &str, more| {
        let environment = environment(more);
        let borrowed = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
        run(&["accounts", "recover", account], &borrowed)
    };
    let by_mail = ("PORTCULLIS_ENV", "development");
    let (status, said, errors) = command(ADA, by_mail);
    let expected = format!("The account {} has no second factor and no password any more.", ada.user_id());
    assert!(status.success() && said.starts_with(&expected), "{said}{errors}");
    assert_eq!(app.database.count("SELECT count(*) FROM mails WHERE kind = 'account_recovered'").await, 1);
    let (status, _, errors) = command("eve@example.com", by_mail);
    assert!(status.code() == Some(1) && errors.contains("no account has this"), "{errors}");
    let (status, _, errors) = command(ADA, ("PORTCULLIS_ENV", "production"));
    assert!(status.code() == Some(1) && errors.contains("No mail can be sent"), "{errors}");
}
