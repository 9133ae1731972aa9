//! Round trips to PostgreSQL of an enrolment.

use super::{ADA, REQUIRED, complete, login, register, set_up};
use crate::support::TestApp;
use crate::support::database::TestDatabase;
use crate::support::proxy::Proxy;
use crate::totp::kind;

#[tokio::test(flavor = "multi_thread")]
async fn each_step_takes_two_trips() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app = TestApp::on(database, &url, &["--database-pool-size=1", REQUIRED]).await;
    let client = app.anonymous();
    let mut trips = Vec::new();
    for name in ["eve@example.com", ADA] {
        let before = proxy.trips();
        register(&client, name).await;
        let registered = proxy.trips();
        let asked = login(&client, name).await;
        let begun = proxy.trips();
        let authenticator = set_up(&client, &asked).await;
        let started = proxy.trips();
        let success = complete(&client, &asked, &authenticator.code(&app, 0)).await;
        assert_eq!(kind(&success), "SecondFactorEnrolmentSuccess", "{success}");
        trips = vec![registered - before, begun - registered, started - begun, proxy.trips() - started];
    }
    // The last has one more because the answer tells of the account's factors.
    assert_eq!(trips, [2, 2, 2, 3]);
}
