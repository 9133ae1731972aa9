//! What is told of the feed of changes.

use super::Measured;
use crate::support::database::TestDatabase;
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
