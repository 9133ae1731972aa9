//! What migrations make of what was there before.

use std::fs;
use std::path::PathBuf;

use crate::support::TestApp;

/// The migrations from this one on, in their order.
fn migrations_since(first: &str) -> Vec<PathBuf> {
    let all = fs::read_dir("migrations").expect("a directory").map(|entry| entry.expect("an entry").path());
    let mut since: Vec<_> =
        all.filter(|path| path.is_dir() && path.file_name().is_some_and(|name| name >= first)).collect();
    since.sort();
    since
}

async fn apply(app: &TestApp, file: PathBuf) {
    let text = fs::read_to_string(&file).expect("a migration");
    app.database.operator.batch_execute(&text).await.expect("a migration that can be applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_disabled_before_there_were_generations_has_no_session_back() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let eve = app.registered("eve@example.com").await;
    let migrations = migrations_since("2026-11-28-000001_session_generations");
    for migration in migrations.iter().rev() {
        apply(&app, migration.join("down.sql")).await;
    }
    app.database.execute("UPDATE accounts SET disabled_at = '2026-01-01' WHERE email LIKE 'ada%'").await;
    for migration in migrations {
        apply(&app, migration.join("up.sql")).await;
    }
    app.database.execute("UPDATE accounts SET disabled_at = NULL").await;
    let upgraded = app.peer(&[]).await;
    let (ada, eve) = (upgraded.continued_by(&ada), upgraded.continued_by(&eve));
    assert_eq!(ada.is_signed_in().await, Err("SESSION_REVOKED".into()));
    assert_eq!(ada.try_refresh(ada.refresh_token()).await["reason"], "REVOKED");
    assert_eq!(eve.is_signed_in().await, Ok(()));
    assert_eq!(app.database.count("SELECT count(*) FROM session_endings").await, 1, "it is to be written down");
}
