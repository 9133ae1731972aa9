//! Round trips to PostgreSQL of what passkeys do.

use super::{ADA, again, finish, start, with_passkey};
use crate::support::TestApp;
use crate::support::database::TestDatabase;
use crate::support::flows::kind;
use crate::support::passkeys::Authenticator;
use crate::support::proxy::Proxy;
use crate::trips::trips;

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_keep_to_their_budget() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database).await;
    let url = proxy.url(&database);
    let app = TestApp::on(database, &url, &["--database-pool-size=1"]).await;
    let mut authenticator = Authenticator::synced();
    let ada = with_passkey(&app, ADA, &mut authenticator).await;
    let anonymous = app.anonymous();

    let started = trips(&proxy, async |_| assert!(start(&anonymous).await["challenge"].is_string()));
    assert_eq!(started.await, 0, "startPasskeySignIn");

    let answers = [authenticator.sign_in(&start(&anonymous).await), authenticator.sign_in(&start(&anonymous).await)];
    let signed_in =
        trips(&proxy, async |round| assert_eq!(kind(&finish(&anonymous, &answers[round]).await), "LoginSuccess"));
    assert_eq!(signed_in.await, 2, "signInWithPasskey");

    let mut forger = Authenticator::synced();
    forger.user_handle = authenticator.user_handle.clone();
    for (whose, id) in [("nobody's", forger.id.clone()), ("somebody's", authenticator.id.clone())] {
        forger.id = id;
        let answers = [forger.sign_in(&start(&anonymous).await), forger.sign_in(&start(&anonymous).await)];
        let refused =
            trips(&proxy, async |round| assert_eq!(kind(&finish(&anonymous, &answers[round]).await), "InvalidPasskey"));
        assert_eq!(refused.await, 2, "signInWithPasskey with {whose} passkey and a wrong signature");
    }
    let options = serde_json::json!({ "challenge": "none of ours", "rpId": "localhost" });
    let made_up = authenticator.sign_in(&options);
    let refused = trips(&proxy, async |_| assert_eq!(kind(&finish(&anonymous, &made_up).await), "InvalidPasskey"));
    assert_eq!(refused.await, 0, "signInWithPasskey without a challenge of ours");

    app.clock.advance(std::time::Duration::from_secs(600));
    let ada = ada.refresh().await;
    assert_eq!(ada.is_signed_in().await, Ok(()));
    let asked = [again::asked(&ada).await, again::asked(&ada).await];
    let mut authenticator = authenticator;
    let proven = trips(&proxy, async |round| {
        let outcome = again::prove_by(&ada, &mut authenticator, &asked[round]["passkeyOptions"]).await;
        assert_eq!(kind(&outcome), "ReauthenticateSuccess", "{outcome}");
    });
    assert_eq!(proven.await, 2, "reauthenticate by a passkey");
}
