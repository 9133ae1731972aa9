//! Sign counts that fall.

use super::{ADA, finish, invalid, opened, sign_in, start, with_passkey};
use crate::support::TestApp;
use crate::support::flows::kind;
use crate::support::passkeys::Authenticator;
use crate::totp::events;

const MAILS: &str = "SELECT count(*) FROM mails WHERE kind = 'passkey_refused'";

async fn count(app: &TestApp) -> i64 {
    app.database.count("SELECT sign_count FROM passkeys").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_bound_passkey_whose_count_does_not_rise_is_refused_and_its_owner_is_told() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::device_bound();
    with_passkey(&app, ADA, &mut authenticator).await;
    assert_eq!(kind(&sign_in(&app.anonymous(), &mut authenticator).await), "LoginSuccess");
    let known = count(&app).await;
    for (refused, lower) in (1..).zip([known, known - 1, 1, 0]) {
        authenticator.count = u32::try_from(lower).expect("a count");
        let answer = authenticator.sign_in(&start(&app.anonymous()).await);
        assert_eq!(finish(&app.anonymous(), &answer).await, invalid(), "{lower}");
        // The same answer again tells nobody anything.
        assert_eq!(kind(&finish(&app.anonymous(), &answer).await), "FlowExpired");
        assert_eq!(
            (events(&app, "passkey_sign_count_fell").await, app.database.count(MAILS).await),
            (refused, refused)
        );
    }
    assert_eq!((opened(&app).await, events(&app, "passkey_used").await, count(&app).await), (1, 1, known));
    let mail = app.mail_to(ADA).await;
    assert!(mail.text().contains("passkey") && mail.text().contains("Passkey"), "{}", mail.text());
    authenticator.count = u32::try_from(known + 1).expect("a count");
    assert_eq!(kind(&sign_in(&app.anonymous(), &mut authenticator).await), "LoginSuccess");
    assert_eq!(count(&app).await, known + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_backed_up_is_accepted_and_it_is_told() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    authenticator.count = 7;
    with_passkey(&app, ADA, &mut authenticator).await;
    authenticator.count = 3;
    let success = sign_in(&app.anonymous(), &mut authenticator).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
    let of_session = "SELECT count(*) FROM audit_events e JOIN sessions s ON s.id = e.session_id AND s.account_id = e.account_id \
        WHERE kind IN ('passkey_sign_count_fell', 'passkey_used', 'logged_in')";
    assert_eq!((app.database.count(of_session).await, app.database.count(MAILS).await), (3, 0));
    assert_eq!(count(&app).await, 7, "the greatest is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_does_not_count_never_falls_and_may_begin_to() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::device_bound();
    authenticator.count = 0;
    with_passkey(&app, ADA, &mut authenticator).await;
    for _ in 0..2 {
        assert_eq!(kind(&sign_in(&app.anonymous(), &mut authenticator).await), "LoginSuccess");
    }
    authenticator.count = u32::MAX - 1;
    assert_eq!(kind(&sign_in(&app.anonymous(), &mut authenticator).await), "LoginSuccess");
    assert_eq!((count(&app).await, events(&app, "passkey_sign_count_fell").await), (i64::from(u32::MAX) - 1, 0));
    authenticator.count = 0;
    assert_eq!(sign_in(&app.anonymous(), &mut authenticator).await, invalid());
    assert_eq!(events(&app, "passkey_sign_count_fell").await, 1);
}
