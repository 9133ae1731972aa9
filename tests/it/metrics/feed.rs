//! What is told of the feed of changes.

use super::Measured;
use crate::support::database::TestDatabase;
use crate::support::pgbouncer::PgBouncer;
use crate::support::proxy::{Network, Proxy};
use crate::support::{TestApp, until};

#[tokio::test(flavor = "multi_thread")]
async fn its_age_grows_while_it_is_cut() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let server = Measured::of(TestApp::on(database, &url, &["--metrics-listen=127.0.0.1:0"]).await).await;
    let age = async || server.value("portcullis_feed_age_seconds").await;
    until("the feed", async || server.value("portcullis_feed_fresh").await == Some(1.0)).await;
    assert!(age().await.is_some());
    proxy.set(Network::Cut);
    until("the feed is lost", async || server.value("portcullis_feed_fresh").await == Some(0.0)).await;
    let lost = age().await;
    until("its age grows", async || age().await > lost).await;
}

/// Nobody is to be called for what can't be otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_none_there_are_no_metrics_of_it() {
    let database = TestDatabase::new().await;
    let Some(bouncer) = PgBouncer::before(&database).await else { return };
    let server = Measured::of(TestApp::on(database, bouncer.url(), &["--metrics-listen=127.0.0.1:0"]).await).await;
    let text = server.scrape().await;
    assert!(text.contains("portcullis_database_connections_max ") && !text.contains("portcullis_feed_"), "{text}");
}
