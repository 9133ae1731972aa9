//! What this release writes is right for instances of the release before.

use serde_json::json;
use uuid::Uuid;

use super::instance::Instance;
use super::{OTHER, PASSWORD, change, differ, hash, hash_of_other, login, schema, text};
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn what_this_release_writes_is_right_for_the_release_before() {
    let app = TestApp::start().await;
    schema::expanded(&app).await;
    let before = Instance::of(&app).await;
    let ada = app.registered("ada@example.com").await;
    let of_all = hash(&app, "ada@example.com").await;
    let found = before.find("ada@example.com").await.expect("an account");
    assert_eq!((&found.hash, found.password_of.as_str()), (&of_all, "2026-01-01 00:00:00+00"));
    assert!(before.open(found.account, &of_all, None).await.is_some());
    assert!(before.open(found.account, "another", None).await.is_none());

    // Sessions and tokens of either release.
    let session: Uuid = app.anonymous().login("ada@example.com").await.session_id().parse().expect("an id");
    assert!(before.refresh(session, 1).await);

    assert_eq!(change(&ada, PASSWORD, OTHER).await, "ChangePasswordSuccess");
    let changed = before.find("ada@example.com").await.expect("an account");
    assert_eq!(changed.hash, hash(&app, "ada@example.com").await);
    assert_ne!(changed.password_of, found.password_of, "device tokens of before end there as well");
    assert!(before.open(changed.account, &of_all, None).await.is_none());
    assert!(before.open(changed.account, &changed.hash, None).await.is_some());
    assert!(!before.refresh(session, 2).await);

    // A stronger hash is no change of the password.
    let stronger = app.peer(&["--argon2-iterations=2"]).await;
    assert_eq!(stronger.visited_by(&app.anonymous()).login_type("ada@example.com", OTHER).await, "LoginSuccess");
    let upgraded = before.find("ada@example.com").await.expect("an account");
    assert_eq!(upgraded.password_of, changed.password_of);
    assert!(upgraded.hash != changed.hash && upgraded.hash.contains("t=2"));
    assert_eq!(differ(&app).await, 0);

    let delete = "mutation { deleteAccount(input: { password: \"quite another password\" }) { __typename } }";
    let answer = ada.send(delete, json!(null)).await;
    assert_eq!(answer["data"]["deleteAccount"]["__typename"], "DeleteAccountSuccess", "{answer}");
    assert!(before.find("ada@example.com").await.is_none());
    assert_eq!(differ(&app).await, 0);
}

/// To the release before it has a password that nobody knows.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_password_has_one_that_is_never_right_for_the_release_before() {
    let app = TestApp::start().await;
    schema::expanded(&app).await;
    let before = Instance::of(&app).await;
    app.registered("ada@example.com").await;
    app.database.execute("DELETE FROM passwords").await;
    let found = before.find("ada@example.com").await.expect("an account");
    assert!(found.hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "it is read as a hash: {found:?}");
    assert_eq!(login(&app, "ada@example.com", PASSWORD).await, "InvalidCredentials");
    let other = hash_of_other(&app).await;
    app.database
        .execute(&format!("INSERT INTO passwords SELECT id, '{other}', now() FROM accounts WHERE email LIKE 'ada%'"))
        .await;
    assert_eq!(before.find("ada@example.com").await.expect("an account").hash, other);
    assert_eq!(login(&app, "ada@example.com", OTHER).await, "LoginSuccess");
    // By hand, in the place of before.
    app.database.execute("UPDATE accounts SET password_hash = '' WHERE email LIKE 'ada%'").await;
    assert_eq!(login(&app, "ada@example.com", OTHER).await, "InvalidCredentials");
    assert_eq!(text(&app, "SELECT count(*)::text FROM passwords").await, "1", "eve's");
    assert_eq!(differ(&app).await, 0);
}
