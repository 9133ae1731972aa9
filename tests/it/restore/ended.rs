//! Ending everything that lives again, in a database that was restored.

use portcullis::use_cases::keys::{maintain, rotate_at_once};

use super::{ADA, Dump, follow, serve, server, service_key, statements};
use crate::support::{PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn one_statement_ends_all_sessions_and_a_rotation_all_access_tokens() {
    let app = server().await;
    let ended = app.registered(ADA).await;
    let dump = Dump::of(&app.database).await;
    assert!(ended.logout().await);
    let late = app.anonymous().login(ADA).await;

    let database = dump.restored().await;
    statements(&database, "SET session_generation").await;
    let after = serve(database, &app.clock).await;
    rotate_at_once(&after.console(&[]).operator()).await.expect("a rotation");
    maintain(&after.app).await.expect("maintenance");
    for session in [&ended, &late] {
        let client = after.anonymous().with_token(session.access_token());
        assert_eq!(client.is_signed_in().await, Err("TOKEN_INVALID".into()), "backends refuse it as well");
        assert_eq!(after.anonymous().try_refresh(session.refresh_token()).await["reason"], "REVOKED");
    }
    after.anonymous().login(ADA).await;
}

/// With the keys go the tokens of sessions that the statement above would have to find.
#[tokio::test(flavor = "multi_thread")]
async fn without_its_keys_a_database_knows_no_token_of_before() {
    let app = server().await;
    let ada = app.registered(ADA).await;
    let dump = Dump::of(&app.database).await;
    let database = dump.restored().await;
    statements(&database, "DELETE FROM keys").await;
    let after = serve(database, &app.clock).await;
    assert_eq!(after.anonymous().with_token(ada.access_token()).is_signed_in().await, Err("TOKEN_INVALID".into()));
    assert_eq!(after.anonymous().try_refresh(ada.refresh_token()).await["__typename"], "InvalidRefreshToken");
    assert_eq!(after.anonymous().on_device(ada.device_token()).login_type(ADA, PASSWORD).await, "LoginSuccess");
}

/// A backend knows how far generations had come. They are given out again, so it has to forget that.
#[tokio::test(flavor = "multi_thread")]
async fn backends_learn_that_a_database_was_restored_on_the_same_server() {
    let app = server().await;
    let key = service_key(&app).await;
    app.registered(ADA).await;
    let dump = Dump::of(&app.database).await;
    for _ in 0..3 {
        app.database.execute("UPDATE accounts SET session_generation = session_generation + 1").await;
    }
    let (told, position) = follow(&app, &key, None).await.batch().await;
    assert_eq!(told.iter().filter_map(|event| event.data["generation"].as_i64()).max(), Some(3));

    let after: TestApp = dump.served(&app.clock).await;
    let first = follow(&after, &key, Some(&position)).await.next().await.expect("an event");
    assert_eq!(first.kind, "history");
}
