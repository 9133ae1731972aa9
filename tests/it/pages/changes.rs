//! A change of the address, and its revert, in a real browser.

use super::browser::{ASKING, DONE};
use crate::email_change::start;
use crate::support::chromium::{Chromium, in_browser};
use crate::support::{PASSWORD, TestApp};

const OLD: &str = "ada@example.com";
const NEW: &str = "eve@example.com";

/// Opens `/mail`, goes from the newest mail to the page behind its link, and stops at the button.
fn follow(browser: &mut Chromium, app: &TestApp, recipient: &str, purpose: &str) {
    // Else an earlier mail may be the newest that the page knows.
    tokio::runtime::Handle::current().block_on(app.mail_to(recipient));
    browser.open("/mail");
    browser.until(&format!("document.querySelector('#list a')?.innerText.includes({recipient:?}) === true"));
    browser.until("document.querySelector('#shown h2') !== null");
    browser.click_in_frame(&format!("#{purpose}="));
    browser.until(ASKING);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_changed_and_taken_back_and_a_new_password_is_set() {
    let app = TestApp::with(&["--cookies=on"]).await;
    let thief = app.registered(OLD).await;
    assert_eq!(start(&thief, NEW).await["__typename"], "EmailFlowStarted");
    let runtime = tokio::runtime::Handle::current();
    let addresses =
        || runtime.block_on(app.database.count("SELECT count(*) FROM accounts WHERE email = 'eve@example.com'"));
    in_browser(&app, |mut browser| {
        follow(&mut browser, &app, NEW, "confirm-email-change");
        browser.picture("change");
        for part in [NEW, "127.0.0.1"] {
            assert!(browser.text().contains(part), "{part}: {}", browser.text());
        }
        assert_eq!(addresses(), 0, "nothing has happened yet");
        browser.click("button");
        browser.until(DONE);
        browser.picture("changed");
        assert_eq!(addresses(), 1);

        app.clock.advance(std::time::Duration::from_secs(60));
        follow(&mut browser, &app, OLD, "revert-email-change");
        browser.picture("revert");
        assert!(browser.text().contains(NEW), "{}", browser.text());
        assert_eq!(addresses(), 1, "nothing has happened yet");
        browser.click("button");
        browser.until(DONE);
        browser.picture("reverted");
        assert_eq!(addresses(), 0);
        assert_eq!(runtime.block_on(thief.is_signed_in()), Err("SESSION_REVOKED".into()));

        app.clock.advance(std::time::Duration::from_secs(60));
        follow(&mut browser, &app, OLD, "reset-password");
        browser.click("#password");
        browser.type_text("a parrot under seven umbrellas");
        browser.click("button");
        browser.until(DONE);
        browser.picture("reset");
        for (password, expected) in
            [(PASSWORD, "InvalidCredentials"), ("a parrot under seven umbrellas", "LoginSuccess")]
        {
            assert_eq!(runtime.block_on(app.anonymous().login_type(OLD, password)), expected);
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_signs_in_and_the_page_says_which_device_asked() {
    let app = TestApp::with(&["--cookies=on"]).await;
    app.registered(OLD).await;
    app.anonymous().start_email_sign_in(OLD).await;
    let runtime = tokio::runtime::Handle::current();
    let sessions = || runtime.block_on(app.database.count("SELECT count(*) FROM sessions"));
    in_browser(&app, |mut browser| {
        follow(&mut browser, &app, OLD, "sign-in");
        browser.picture("sign-in");
        assert!(browser.text().contains("127.0.0.1"), "{}", browser.text());
        assert_eq!(sessions(), 1, "nothing has happened yet");
        browser.click("button");
        browser.until(DONE);
        browser.picture("signed-in");
        assert_eq!(sessions(), 2);
        let cookies = browser.call("Network.getCookies", serde_json::json!({})).to_string();
        assert!(cookies.contains("__Host-portcullis-refresh"), "{cookies}");
    });
}
