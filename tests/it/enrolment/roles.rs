//! Roles whose accounts need a second factor.

use super::{ADA, enrol, login, register, sessions};
use crate::support::{TestApp, until};
use crate::totp::kind;

const ROLES: &str = "--second-factor-roles=admin, support";

#[tokio::test(flavor = "multi_thread")]
async fn only_accounts_with_one_of_them_need_it() {
    let app = TestApp::with(&[ROLES]).await;
    assert_eq!(kind(&register(&app.anonymous(), ADA).await), "RegisterSuccess", "a new account has no role");
    for (roles, expected) in [
        ("{}", "LoginSuccess"),
        ("{Admin,administrator,admin-2,\"admin,support\",\" admin\"}", "LoginSuccess"),
        ("{admin}", "SecondFactorEnrolmentRequired"),
        ("{reader,support}", "SecondFactorEnrolmentRequired"),
        ("{support,admin}", "SecondFactorEnrolmentRequired"),
    ] {
        app.database.execute(&format!("UPDATE accounts SET roles = '{roles}'")).await;
        assert_eq!(kind(&login(&app.anonymous(), ADA).await), expected, "{roles}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_given_later_counts_at_the_next_sign_in() {
    let app = TestApp::with(&[ROLES]).await;
    let before = app.registered(ADA).await;
    app.database.execute("UPDATE accounts SET roles = '{admin}'").await;
    // What is open goes on until it ends.
    let before = before.refresh().await;
    assert_eq!(before.is_signed_in().await, Ok(()));
    let asked = login(&app.anonymous(), ADA).await;
    let (_, success) = enrol(&app, &asked).await;
    assert_eq!(success["user"]["recoveryCodesLeft"], 10, "{success}");
    // An operator ends the others.
    app.database.execute("UPDATE accounts SET session_generation = session_generation + 1").await;
    until("the instance hears of it", async || before.is_signed_in().await.is_err()).await;
    assert_eq!(kind(&login(&app.anonymous(), ADA).await), "SecondFactorRequired");
    // Without the role the account may do without, and keeps what it has.
    app.database.execute("UPDATE accounts SET roles = '{}'").await;
    assert_eq!(kind(&login(&app.anonymous(), ADA).await), "SecondFactorRequired");
    assert_eq!(sessions(&app).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_need_it_roles_change_nothing() {
    let app = TestApp::with(&[super::REQUIRED, ROLES]).await;
    assert_eq!(kind(&register(&app.anonymous(), ADA).await), "SecondFactorEnrolmentRequired");
}

/// What makes accounts of its own may give them roles at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_new_accounts_get_counts_at_the_registration() {
    let app = TestApp::with(&[ROLES]).await;
    app.database.execute("ALTER TABLE accounts ALTER COLUMN roles SET DEFAULT '{support}'").await;
    assert_eq!(kind(&register(&app.anonymous(), ADA).await), "SecondFactorEnrolmentRequired");
    assert_eq!(sessions(&app).await, 0);
}
