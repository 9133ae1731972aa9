//! A data directory that is replaced by a copy of before, such as a snapshot of its volume.

use std::process::Command;

use portcullis::db::embedded::Embedded;

use super::{ADA, block_below, follow, recovered, serve, service_key};
use crate::support::app::TestApp;
use crate::support::cluster::{options, watched_dir};
use crate::support::database::{TestDatabase, connect};

fn shell(block: &str) {
    let output = Command::new("sh").args(["-euc", block]).output().expect("a shell");
    assert!(output.status.success(), "{block}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Numbers of transactions are given out again, and a backend has to hear of the revocations that get them. The new timeline has the
/// same number each time.
#[tokio::test(flavor = "multi_thread")]
async fn backends_hear_of_what_is_revoked_whenever_a_copy_was_put_back() {
    let dir = watched_dir("copied");
    let data = dir.to_str().expect("UTF-8");
    let postgres = Embedded::start(options(&dir)).await.expect("PostgreSQL");
    let database = TestDatabase::on(postgres.url()).await;
    let url = database.url.clone();
    let app = TestApp::on(database, &url, &[]).await;
    let (key, ada) = (service_key(&app).await, app.registered(ADA).await);
    postgres.stop().await.expect("a stop");
    shell(&in_directory("cp -a", data));

    for _ in 0..2 {
        let postgres = Embedded::start(options(&dir)).await.expect("PostgreSQL");
        let operator = connect(&url).await;
        for _ in 0..50 {
            operator.batch_execute("UPDATE accounts SET roles = '{}' || roles").await.expect("a statement");
        }
        let before = serve(TestDatabase { url: url.clone(), operator }, &app.clock).await;
        let (_, position) = follow(&before, &key, None).await.batch().await;
        postgres.stop().await.expect("a stop");
        shell(&in_directory("recovery.signal", data));

        let postgres = Embedded::start(options(&dir)).await.expect("PostgreSQL");
        let operator = connect(&url).await;
        recovered(&operator).await;
        let after = serve(TestDatabase { url: url.clone(), operator }, &app.clock).await;
        assert!(after.anonymous().with_token(ada.access_token()).logout().await);
        let mut events = follow(&after, &key, Some(&position)).await;
        assert_eq!(events.told().await.sid(), ada.session_id());
        postgres.stop().await.expect("a stop");
        std::fs::remove_dir_all(format!("{data}.lost")).expect("what was there before");
    }
}

/// The block about copies that contains this, for another data directory.
fn in_directory(part: &str, data_dir: &str) -> String {
    block_below("## A copy", part).replace("/var/lib/portcullis", data_dir)
}
