//! Round trips to PostgreSQL for each operation: the budget of the design.

use serde_json::json;

use super::{remove, rename};
use crate::support::TestApp;
use crate::support::database::TestDatabase;
use crate::support::flows::kind;
use crate::support::passkeys::Authenticator;
use crate::support::proxy::Proxy;

/// The second time, when statements are prepared.
#[tokio::test(flavor = "multi_thread")]
async fn passkeys_keep_to_their_budget() {
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
        let started = ada.start_passkey().await;
        took("startPasskey");
        let credential = Authenticator::synced().register(&started["options"]);
        assert_eq!(kind(&ada.try_add_passkey(&credential, None).await), "AddPasskeySuccess");
        took("addPasskey");
        assert_eq!(kind(&ada.try_add_passkey(&credential, None).await), "FlowExpired");
        took("addPasskey, answered before");
        assert_eq!(kind(&ada.try_add_passkey(&json!({}), None).await), "InvalidPasskey");
        took("addPasskey, forged");
        assert!(ada.passkeys().await[0]["id"].is_string());
        took("the passkeys of the account");
        let id = ada.passkeys().await[0]["id"].clone();
        took("the same");
        assert_eq!(kind(&rename(&ada, &id, "another name").await), "RenamePasskeySuccess");
        took("renamePasskey");
        assert_eq!(kind(&remove(&ada, &id).await), "RemovePasskeySuccess");
        took("removePasskey");
    }
    let expected = [
        ("startPasskey", 2),
        ("addPasskey", 2),
        ("addPasskey, answered before", 1),
        ("addPasskey, forged", 0),
        ("the passkeys of the account", 1),
        ("the same", 1),
        ("renamePasskey", 1),
        ("removePasskey", 3),
    ];
    assert_eq!(taken, expected);
}
