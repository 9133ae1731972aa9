//! What wrong passkeys take from the limits.

use super::{invalid, passkey, show, tries, with_passkey};
use crate::second_step::{complete, first, login};
use crate::support::passkeys::Authenticator;
use crate::support::{PASSWORD, TestApp, until};
use crate::totp::kind;

#[tokio::test(flavor = "multi_thread")]
async fn wrong_ones_are_limited_by_address_and_keep_nobody_else_out() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let mut authenticator = Authenticator::synced();
    with_passkey(&app, &mut authenticator).await;
    let flows = [first(&app).await, first(&app).await, first(&app).await];
    let stranger = app.anonymous().at("127.0.0.9");
    let mut wrong_ones = 0;
    for number in 0..15 {
        let asked = &flows[number / 5];
        let wrong = passkey(&Authenticator::synced().sign_in(&asked["passkeyOptions"]));
        let answer = complete(&stranger, asked, wrong).await;
        if kind(&answer) == "RateLimited" {
            break;
        }
        assert_eq!(answer, invalid());
        wrong_ones += 1;
    }
    assert!(wrong_ones < 15, "there is no end");
    assert_eq!(tries(&app).await, wrong_ones, "a refused one takes no try");
    let limited = show(&stranger, &flows[2], &mut authenticator).await;
    assert_eq!(kind(&limited), "RateLimited", "{limited}");
    let asked = login(&app.anonymous().at("127.0.0.10"), PASSWORD).await;
    let success = show(&app.anonymous().at("127.0.0.10"), &asked, &mut authenticator).await;
    assert_eq!(kind(&success), "LoginSuccess", "{success}");
}

#[tokio::test(flavor = "multi_thread")]
async fn right_ones_give_back_what_they_took() {
    let app = TestApp::with(&["--rate-limits=on"]).await;
    let mut authenticator = Authenticator::device_bound();
    with_passkey(&app, &mut authenticator).await;
    for _ in 0..10 {
        // Those of the password and of new sessions are not what this is about.
        app.database.execute("DELETE FROM limits").await;
        let asked = first(&app).await;
        assert_eq!(kind(&show(&app.anonymous(), &asked, &mut authenticator).await), "LoginSuccess");
        let held = "SELECT count(*) FROM limits WHERE held > 0";
        until("all is settled", async || app.database.count(held).await == 0).await;
    }
}
