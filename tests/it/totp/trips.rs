//! Round trips to PostgreSQL for each operation: the budget of the design.

use serde_json::Value;

use super::{Authenticator, confirm, kind, prove, remove, start};
use crate::support::TestApp;
use crate::support::database::TestDatabase;
use crate::support::proxy::Proxy;

/// The second time, when statements are prepared.
#[tokio::test(flavor = "multi_thread")]
async fn second_factors_keep_to_their_budget() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app = TestApp::on(database, &url, &["--database-pool-size=1"]).await;
    let ada = app.registered("ada@example.com").await;
    assert_eq!(ada.is_signed_in().await, Ok(()));
    let mut taken = Vec::new();
    for _ in 0..2 {
        taken.clear();
        let mut before = proxy.trips();
        let mut took = |name: &'static str| {
            taken.push((name, proxy.trips() - before));
            before = proxy.trips();
        };
        let started = start(&ada).await;
        took("startTotp");
        let authenticator = Authenticator::new(&started);
        let wrong = authenticator.wrong(&app);
        let confirmed = confirm(&ada, &started, &authenticator.code(&app, 0)).await;
        assert_eq!(kind(&confirmed), "ConfirmTotpSuccess", "{confirmed}");
        took("confirmTotp, and the factors of the answer");
        app.clock.advance(super::STEP);
        assert_eq!(kind(&prove(&ada, &authenticator.code(&app, 0)).await), "ReauthenticateSuccess");
        took("reauthenticate");
        assert_eq!(kind(&prove(&ada, &wrong).await), "InvalidCode");
        took("reauthenticate, refused");
        let shown = ada.send("{ me { totpEnabledAt recoveryCodesLeft } }", Value::Null).await;
        assert_eq!(shown["data"]["me"]["recoveryCodesLeft"], 10, "{shown}");
        took("the factors of the account");
        ada.send("mutation { replaceRecoveryCodes { __typename } }", Value::Null).await;
        took("replaceRecoveryCodes");
        assert_eq!(kind(&remove(&ada).await), "RemoveTotpSuccess");
        took("removeTotp, and the factors of the answer");
    }
    let expected = [
        ("startTotp", 2),
        ("confirmTotp, and the factors of the answer", 3),
        ("reauthenticate", 3),
        ("reauthenticate, refused", 2),
        ("the factors of the account", 1),
        ("replaceRecoveryCodes", 2),
        ("removeTotp, and the factors of the answer", 3),
    ];
    assert_eq!(taken, expected);
}
