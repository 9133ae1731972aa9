//! What ends the trust in the devices of an account.

use portcullis::use_cases::accounts::{delete, set_enabled, sign_out};
use portcullis::use_cases::recover_account::recover;
use serde_json::{Value, json};

use super::{Trusted, answer, answer_by_mail, devices, forget, trusted};
use crate::email_change::{change, revert};
use crate::second_step::{ADA, login, totp};
use crate::support::{Client, PASSWORD, TestApp};
use crate::totp::{Authenticator, STEP, confirm, events, kind, remove, start};

const NEW: &str = "another staple for the horse";

/// Sends a document with one field, and expects this outcome.
async fn send(client: &Client, query: &str, field: &str, expected: &str) {
    let answer = client.send(query, Value::Null).await;
    assert_eq!(kind(&answer["data"][field]), expected, "{answer}");
}

async fn replace_app(app: &TestApp, client: &Client) {
    let started = start(client).await;
    let code = Authenticator::new(&started).code(app, 0);
    assert_eq!(kind(&confirm(client, &started, &code).await), "ConfirmTotpSuccess");
}

async fn reset(app: &TestApp, trusted: &Trusted) {
    app.anonymous().start_password_reset(ADA).await;
    let query = "mutation($i: CompletePasswordResetInput!) { completePasswordReset(input: $i) { __typename } }";
    let proof = app.mail_to(ADA).await.by_link();
    let factor = json!({ "recoveryCode": trusted.codes[0] });
    // The same password again, so that nothing but the reset has changed.
    let input = json!({ "proof": proof, "newPassword": PASSWORD, "factor": factor });
    let answer = app.anonymous().send(query, json!({ "i": input })).await;
    assert_eq!(kind(&answer["data"]["completePasswordReset"]), "CompletePasswordResetSuccess", "{answer}");
}

async fn act(app: &TestApp, trusted: &Trusted, what: &str) {
    let ada = &trusted.other;
    let console = app.console(&[]);
    match what {
        "reset" => reset(app, trusted).await,
        "changed password" => {
            let query = format!(
                "mutation {{ changePassword(input: {{ currentPassword: \"{PASSWORD}\", newPassword: \"{NEW}\" }}) {{ __typename }} }}"
            );
            send(ada, &query, "changePassword", "ChangePasswordSuccess").await;
        }
        "replaced app" => replace_app(app, ada).await,
        "removed app" => {
            assert_eq!(kind(&remove(ada).await), "RemoveTotpSuccess");
            assert_eq!(devices(app).await, 0);
            replace_app(app, ada).await;
        }
        "replaced recovery codes" => {
            let query = "mutation { replaceRecoveryCodes { __typename } }";
            send(ada, query, "replaceRecoveryCodes", "ReplaceRecoveryCodesSuccess").await;
        }
        "other sessions ended" => {
            let query = "mutation { revokeOtherSessions { __typename } }";
            send(ada, query, "revokeOtherSessions", "RevokeOtherSessionsSuccess").await;
        }
        "forgotten" => assert_eq!(kind(&forget(ada, Value::Null).await), "ForgetTrustedDevicesSuccess"),
        "reverted change of the address" => {
            let link = change(app, ada, ADA, "new@example.com").await;
            assert_eq!(devices(app).await, 1, "the change alone ends nothing");
            let reverted = revert(&app.anonymous(), &link).await;
            assert_eq!(kind(&reverted), "RevertEmailChangeSuccess", "{reverted}");
        }
        "signed out by the operator" => {
            assert!(sign_out(&console.operator(), ADA).await.expect("a database").is_some());
        }
        "recovered by the operator" => {
            recover(&app.app.operator(), ADA).await.expect("a database");
        }
        "disabled and enabled by the operator" => {
            for enabled in [false, true] {
                set_enabled(&console.operator(), ADA, enabled).await.expect("a database");
            }
        }
        "deleted by the operator" => {
            delete(&console.operator(), ADA).await.expect("a database");
        }
        statement => {
            assert!(app.database.execute(statement).await > 0, "{statement}");
        }
    }
}

/// Triggers do it, so whoever writes such a row does it, this release or another, or somebody who types it.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_all_sessions_or_changes_the_second_factors_ends_it() {
    for what in [
        "reset",
        "changed password",
        "replaced app",
        "removed app",
        "replaced recovery codes",
        "other sessions ended",
        "forgotten",
        "reverted change of the address",
        "signed out by the operator",
        "disabled and enabled by the operator",
        "recovered by the operator",
        "deleted by the operator",
        "DELETE FROM totps",
        "DELETE FROM recovery_codes",
        "INSERT INTO passkeys (id, account_id, credential_id, public_key, sign_count, is_backup_eligible, is_backed_up, transports, \
            name, created_at) SELECT gen_random_uuid(), id, '\\x01', '\\x02', 0, false, false, '{}', 'key', now() FROM accounts",
        "UPDATE accounts SET session_generation = session_generation + 1",
        "UPDATE accounts SET disabled_at = now()",
        "DELETE FROM accounts",
    ] {
        let app = TestApp::start().await;
        let trusted = trusted(&app).await;
        app.database.execute("UPDATE accounts SET email_verified_at = created_at").await;
        assert_eq!((answer(&trusted.device).await.as_str(), devices(&app).await), ("LoginSuccess", 1), "{what}");
        act(&app, &trusted, what).await;
        assert_eq!(devices(&app).await, 0, "{what}");
        let has_factor =
            app.database.count("SELECT (SELECT count(*) FROM totps) + (SELECT count(*) FROM passkeys)").await > 0;
        let answer = login(&trusted.device, if what == "changed password" { NEW } else { PASSWORD }).await;
        // Its password is gone, or the account is.
        let is_shut = what.contains("revert")
            || what.contains("recovered")
            || what.contains("deleted")
            || what.contains("accounts") && !what.contains("generation");
        let is_shut = is_shut && !what.starts_with("INSERT");
        let expected = match (is_shut, has_factor) {
            (true, _) => "InvalidCredentials",
            (false, true) => "SecondFactorRequired",
            (false, false) => "LoginSuccess",
        };
        assert_eq!(kind(&answer), expected, "{what}: {answer}");
    }
}

/// Whoever signs all others out means their devices as well, and a thief may have logged out.
#[tokio::test(flavor = "multi_thread")]
async fn ending_the_other_sessions_ends_it_also_where_there_is_none() {
    let app = TestApp::start().await;
    let trusted = trusted(&app).await;
    assert!(app.anonymous().signed_in(&trusted.success).logout().await);
    for recorded in [1, 1] {
        act(&app, &trusted, "other sessions ended").await;
        assert_eq!((devices(&app).await, events(&app, "devices_forgotten").await), (0, recorded));
        assert_eq!(answer(&trusted.device).await, "SecondFactorRequired");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_passkey_ends_it() {
    let app = TestApp::start().await;
    let other = app.registered(ADA).await;
    let (authenticator, _) = crate::totp::enrolled(&app, &other).await;
    let add = "INSERT INTO passkeys (id, account_id, credential_id, public_key, sign_count, is_backup_eligible, is_backed_up, \
        transports, name, created_at) SELECT gen_random_uuid(), id, '\\x01', '\\x02', 0, false, false, '{}', 'key', now() FROM accounts";
    app.database.execute(add).await;
    let success = super::remember(&app, &app.anonymous(), &authenticator).await;
    let device = app.anonymous().on_device(success["deviceToken"].as_str().expect("a token"));
    // What changes when a passkey is used or renamed ends nothing.
    app.database
        .execute("UPDATE passkeys SET sign_count = 1, last_used_at = now(), is_backed_up = true, name = 'other'")
        .await;
    assert_eq!(answer(&device).await, "LoginSuccess");
    app.database.execute("DELETE FROM passkeys").await;
    assert_eq!((devices(&app).await, answer(&device).await.as_str()), (0, "SecondFactorRequired"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_password_of_before_is_none_even_if_the_device_were_trusted() {
    let app = TestApp::start().await;
    let trusted = trusted(&app).await;
    app.database.execute("UPDATE passwords SET changed_at = changed_at + interval '1 microsecond'").await;
    assert_eq!((devices(&app).await, answer(&trusted.device).await.as_str()), (1, "SecondFactorRequired"));
    assert_eq!(kind(&answer_by_mail(&app, &trusted.device).await), "SecondFactorRequired");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_neither_sessions_nor_factors_leaves_it() {
    let app = TestApp::start().await;
    let trusted = trusted(&app).await;
    // Used factors, also those that a login on another device uses.
    for factor in [totp(&trusted.authenticator.code(&app, 0)), json!({ "recoveryCode": trusted.codes[1] })] {
        let asked = login(&app.anonymous(), PASSWORD).await;
        let success = super::complete(&app.anonymous(), &asked, factor, false).await;
        assert_eq!(kind(&success), "LoginSuccess", "{success}");
        app.clock.advance(STEP);
    }
    assert_eq!(answer(&app.anonymous()).await, "SecondFactorRequired");
    assert_eq!(kind(&login(&app.anonymous(), "wrong").await), "InvalidCredentials");
    assert!(trusted.other.logout().await, "the end of one session");
    app.database.execute("UPDATE accounts SET roles = '{admin}'").await;
    app.database.execute("UPDATE passwords SET hash = hash").await;
    assert_eq!((devices(&app).await, answer(&trusted.device).await.as_str()), (1, "LoginSuccess"));
}
