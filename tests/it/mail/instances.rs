//! Several instances on one outbox.

use std::collections::HashSet;
use std::sync::Arc;

use portcullis::use_cases::send_mails::send_mails;

use super::servers::MailServer;
use super::smtp::app;
use crate::support::outbox::post;

#[tokio::test(flavor = "multi_thread")]
async fn three_instances_send_each_of_a_thousand_mails_once() {
    let Some(mut server) = MailServer::plain().await else { return };
    let app = app(&format!("smtp://127.0.0.1:{}", server.port), &[]).await;
    let flags = [&format!("--smtp-url=smtp://127.0.0.1:{}", server.port), "--mail-from=no-reply@mail.example.com"];
    let (second, third) = (Arc::new(app.instance(&flags).await), Arc::new(app.instance(&flags).await));
    for number in 0..1000 {
        post(&app.database.operator, &format!("ada{number}@example.com")).await;
    }
    let (one, two, three) = tokio::join!(send_mails(&app.app), send_mails(&second), send_mails(&third));
    let sent = [one, two, three].map(|sent| sent.expect("a database"));
    assert_eq!(sent.iter().sum::<usize>(), 1000, "{sent:?}");
    assert!(sent.iter().all(|sent| *sent > 0), "each has its share: {sent:?}");
    let accepted = server.rest().await;
    let ids: HashSet<_> = accepted.iter().map(super::servers::Accepted::message_id).collect();
    assert_eq!((accepted.len(), ids.len()), (1000, 1000));
    assert_eq!(app.database.count("SELECT count(*) FROM mails WHERE sent_at IS NOT NULL AND attempts = 1").await, 1000);
}
