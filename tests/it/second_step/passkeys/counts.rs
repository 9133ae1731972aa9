//! Sign counts that fall.

use super::{invalid, passkey, show, tries, with_passkey};
use crate::second_step::{complete, first};
use crate::support::TestApp;
use crate::support::passkeys::Authenticator;
use crate::totp::{events, kind};

const MAILS: &str = "SELECT count(*) FROM mails WHERE kind = 'passkey_refused'";
const COUNT: &str = "SELECT sign_count FROM passkeys";

#[tokio::test(flavor = "multi_thread")]
async fn a_device_bound_passkey_whose_count_does_not_rise_is_refused_and_its_owner_is_told() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::device_bound();
    with_passkey(&app, &mut authenticator).await;
    assert_eq!(kind(&show(&app.anonymous(), &first(&app).await, &mut authenticator).await), "LoginSuccess");
    let known = app.database.count(COUNT).await;
    let asked = first(&app).await;
    for (refused, lower) in (1..).zip([known, 0]) {
        authenticator.count = u32::try_from(lower).expect("a count");
        assert_eq!(show(&app.anonymous(), &asked, &mut authenticator).await, invalid(), "{lower}");
        // The challenge was answered by the first of them, so the others tell nobody anything.
        let told = (events(&app, "passkey_sign_count_fell").await, app.database.count(MAILS).await);
        assert_eq!((told, events(&app, "second_factor_failed").await), ((1, 1), refused));
    }
    assert_eq!((tries(&app).await, app.database.count(COUNT).await), (1 + 2, known));
    assert_eq!((events(&app, "logged_in").await, events(&app, "passkey_used").await), (1, 1));
    authenticator.count = u32::try_from(known + 1).expect("a count");
    assert_eq!(kind(&show(&app.anonymous(), &first(&app).await, &mut authenticator).await), "LoginSuccess");
    assert_eq!(app.database.count(COUNT).await, known + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_backed_up_is_accepted_and_it_is_told() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    authenticator.count = 7;
    with_passkey(&app, &mut authenticator).await;
    authenticator.count = 3;
    let asked = first(&app).await;
    let answer = authenticator.sign_in(&asked["passkeyOptions"]);
    let success = complete(&app.anonymous(), &asked, passkey(&answer)).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
    let of_session = "SELECT count(*) FROM audit_events e JOIN sessions s ON s.id = e.session_id AND s.account_id = e.account_id \
        WHERE kind IN ('passkey_sign_count_fell', 'passkey_used', 'logged_in')";
    assert_eq!((app.database.count(of_session).await, app.database.count(MAILS).await), (3, 0));
    assert_eq!(app.database.count(COUNT).await, 7, "the greatest is kept");
}
