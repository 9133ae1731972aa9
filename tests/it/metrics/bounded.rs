//! Labels are bounded, and tell nothing of anybody.

use serde_json::{Value, json};

use super::Measured;
use crate::allow_list::File;
use crate::support::PASSWORD;

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_invent_makes_no_series() {
    let server = Measured::with(&[]).await;
    let anonymous = server.app.anonymous();
    anonymous.send("query Known { __typename }", Value::Null).await;
    anonymous.http.get(anonymous.url.replace("/graphql", "/none")).send().await.expect("an answer");
    let series = async || server.scrape().await.lines().count();
    let before = series().await;
    for number in 0..50 {
        anonymous.send(&format!("query Invented{number} {{ alias{number}: __typename }}"), Value::Null).await;
        let path = anonymous.url.replace("/graphql", &format!("/none/{number}"));
        anonymous.http.get(path).send().await.expect("an answer");
    }
    assert_eq!(series().await, before);
    let operations = "portcullis_graphql_operation_duration_seconds_count{operation=\"other\"}";
    assert_eq!(server.value(operations).await, Some(51.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_that_the_operator_registered_have_their_names() {
    let manifest = File::new(&json!({ "one": "query Viewer { me { id } }" }));
    let server = Measured::with(&["--persisted-queries=only", &manifest.flag()]).await;
    let sent = json!({ "documentId": "one" }).to_string();
    server.app.anonymous().post(sent).send().await.expect("an answer");
    server.app.anonymous().send("query Invented { me { id } }", Value::Null).await;
    let name = "portcullis_graphql_operation_duration_seconds_count";
    assert_eq!(server.value(&format!("{name}{{operation=\"Viewer\"}}")).await, Some(1.0));
    assert!(!server.scrape().await.contains("Invented"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_named() {
    let server = Measured::with(&[]).await;
    let ada = server.app.registered("ada@example.com").await;
    ada.me().await;
    server.app.anonymous().try_login("ada@example.com", "hunter2").await;
    let text = server.scrape().await;
    for secret in ["ada", "example.com", PASSWORD, "hunter2", ada.user_id(), ada.session_id(), "127.0.0.1"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
