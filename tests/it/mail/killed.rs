//! A server that is killed: no mail is lost, and one is sent twice only where nobody can know better.

use serde_json::json;

use super::servers::MailServer;
use crate::support::app::SECRET;
use crate::support::database::{BLOCKED, TestDatabase};
use crate::support::outbox::post_now;
use crate::support::process::{Server, run};
use crate::support::until;

/// A database that has been migrated, and the settings of a server that sends to `port`.
async fn environment(port: u16) -> (TestDatabase, [(&'static str, String); 5]) {
    let database = TestDatabase::new().await;
    let environment = [
        ("DATABASE_URL", database.url.clone()),
        ("PORTCULLIS_SECRET", SECRET.to_owned()),
        ("PORTCULLIS_SMTP_URL", format!("smtp://127.0.0.1:{port}")),
        ("PORTCULLIS_MAIL_FROM", "no-reply@mail.example.com".to_owned()),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", "64".to_owned()),
    ];
    let (status, _, errors) = run(&["migrate"], &environment.each_ref().map(|(name, value)| (*name, value.as_str())));
    assert!(status.success(), "{errors}");
    (database, environment)
}

fn start(environment: &[(&'static str, String); 5]) -> Server {
    Server::start(&environment.each_ref().map(|(name, value)| (*name, value.as_str())))
}

/// Nobody waits for the lease of a server that is dead.
async fn leases_end(database: &TestDatabase) {
    assert_eq!(database.execute("UPDATE mails SET due_at = now() WHERE due_at IS NOT NULL").await, 1);
}

const SENT: &str = "SELECT count(*) FROM mails WHERE sent_at IS NOT NULL";

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_it_has_sent_a_mail_it_sends_it_once_after_all() {
    let Some(mut mail_server) = MailServer::plain().await else { return };
    let (database, environment) = environment(mail_server.port).await;
    // Written, and no server has taken it.
    post_now(&database.operator, "ada@example.com").await;
    start(&environment).stop();
    let (mut ada, mut rest) = (mail_server.rest().await, Vec::new());
    if ada.is_empty() {
        let server = start(&environment);
        ada.push(mail_server.accepted().await);
        until("it is marked", async || database.count(SENT).await == 1).await;
        server.stop();
    }
    assert_eq!(ada[0].to(), "ada@example.com");

    // Taken, and the mail server has not got it.
    for step in ["connect", "rcpt"] {
        mail_server.behave(json!({ "kind": "hold", "at": step })).await;
        let mut server = start(&environment);
        let mail = post_now(&database.operator, "bob@example.com").await;
        mail_server.next("held").await;
        server.kill();
        mail_server.behave(json!({ "kind": "accept" })).await;
        leases_end(&database).await;
        let server = start(&environment);
        let accepted = mail_server.accepted().await;
        assert_eq!(accepted.message_id(), format!("<{mail}@mail.example.com>"), "{step}");
        server.stop();
        rest.extend(mail_server.rest().await);
    }
    assert!(rest.is_empty(), "{rest:?}");
    assert_eq!(database.count(SENT).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_it_has_noted_that_a_mail_was_sent_it_sends_it_again_as_the_same() {
    let Some(mut mail_server) = MailServer::plain().await else { return };
    let (database, environment) = environment(mail_server.port).await;
    mail_server.behave(json!({ "kind": "hold", "at": "rcpt" })).await;
    let mut server = start(&environment);
    let mail = post_now(&database.operator, "ada@example.com").await;
    mail_server.next("held").await;
    // The mail is sent, and can't be marked: the row is held.
    let holder = database.another().await;
    holder.batch_execute("BEGIN; SELECT FROM mails FOR UPDATE").await.expect("a lock");
    mail_server.behave(json!({ "kind": "accept" })).await;
    mail_server.release().await;
    let first = mail_server.accepted().await;
    let blocked = async || holder.query_one(BLOCKED, &[]).await.expect("a number").get::<_, i64>(0) == 1;
    until("it is to be marked", blocked).await;
    server.kill();
    // The statement goes with its server, and does not go on when the row is free.
    let waits = "SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity \
                 WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))";
    holder.query_one(waits, &[]).await.expect("an end");
    holder.batch_execute("COMMIT").await.expect("a commit");
    assert_eq!(database.count(SENT).await, 0);

    leases_end(&database).await;
    let server = start(&environment);
    let second = mail_server.accepted().await;
    until("it is marked", async || database.count(SENT).await == 1).await;
    server.stop();
    let id = format!("<{mail}@mail.example.com>");
    assert_eq!([first.message_id(), second.message_id()], [id.clone(), id]);
    assert!(mail_server.rest().await.is_empty());
}
