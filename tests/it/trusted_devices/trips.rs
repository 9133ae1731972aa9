//! Round trips to PostgreSQL.

use serde_json::Value;

use super::{answer, answer_by_mail, complete, forget, listed, trusted};
use crate::second_step::{login, totp};
use crate::support::database::TestDatabase;
use crate::support::proxy::Proxy;
use crate::support::{PASSWORD, TestApp};
use crate::totp::{STEP, kind};

/// The second time, when statements are prepared.
#[tokio::test(flavor = "multi_thread")]
async fn trusted_devices_cost_no_trips_of_their_own() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app = TestApp::on(database, &url, &["--database-pool-size=1"]).await;
    let trusted = trusted(&app).await;
    let mut device = trusted.device.clone();
    let mut taken = Vec::new();
    for _ in 0..2 {
        taken.clear();
        let mut before = proxy.trips();
        let mut took = |name: &'static str| {
            taken.push((name, proxy.trips() - before));
            before = proxy.trips();
        };
        app.clock.advance(STEP);
        assert_eq!(answer(&device).await, "LoginSuccess");
        took("login");
        assert_eq!(listed(&trusted.other).await.len(), 1);
        took("trustedDevices");
        assert_eq!(kind(&forget(&trusted.other, Value::Null).await), "ForgetTrustedDevicesSuccess");
        took("forgetTrustedDevices");
        let asked = login(&device, PASSWORD).await;
        took("login, asked");
        let success = complete(&device, &asked, totp(&trusted.authenticator.code(&app, 0)), true).await;
        assert_eq!(kind(&success), "LoginSuccess", "{success}");
        device = device.on_device(success["deviceToken"].as_str().expect("a token"));
        app.clock.advance(STEP);
    }
    assert_eq!(kind(&answer_by_mail(&app, &device).await), "LoginSuccess");
    let own: Vec<_> = taken.iter().copied().filter(|(name, _)| *name != "login, asked").collect();
    assert_eq!(own, [("login", 2), ("trustedDevices", 1), ("forgetTrustedDevices", 1)]);
}
