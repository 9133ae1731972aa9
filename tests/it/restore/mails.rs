//! Mails that waited at the time of a backup.

use portcullis::clock::ManualClock;
use portcullis::db::migrations::{self, Extent};

use super::{ADA, Dump, database, serve, statements};
use crate::support::app::LOCKS;
use crate::support::outbox::post;

#[tokio::test(flavor = "multi_thread")]
async fn mails_that_waited_are_sent_once_more_unless_they_are_removed() {
    let database = database().await;
    migrations::run(&database.url.parse().expect("a URL"), Extent::All, LOCKS).await.expect("migrations");
    post(&database.operator, ADA).await;
    let dump = Dump::of(&database).await;
    let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().expect("a date"));
    let app = serve(database, &clock).await;
    let sent = app.mail_to(ADA).await.id();
    assert_eq!(dump.served(&clock).await.mail_to(ADA).await.id(), sent, "the same once more");
    let restored = dump.restored().await;
    statements(&restored, "DELETE FROM mails").await;
    assert_eq!(serve(restored, &clock).await.mails_to(ADA).await.len(), 0);
}
