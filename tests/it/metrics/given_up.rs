//! Operations that end without an answer of any field are counted, so that an alert sees them.

use super::Measured;

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_takes_too_long_counts_with_its_time() {
    let server = Measured::with(&["--request-timeout=300ms"]).await;
    server.app.registered("ada@example.com").await;
    let executed = "portcullis_graphql_operation_duration_seconds_count{operation=\"other\"}";
    let before = server.value(executed).await.expect("a count");
    let lock = "BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE";
    server.app.database.operator.batch_execute(lock).await.expect("a lock");
    let answer = server.app.anonymous().try_login("ada@example.com", "x").await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE", "{answer}");
    server.app.database.operator.batch_execute("ROLLBACK").await.expect("the lock's end");
    assert_eq!(server.results("", "SERVICE_UNAVAILABLE").await, 1.0);
    assert_eq!(server.value(executed).await, Some(before + 1.0));
}
