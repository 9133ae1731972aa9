//! The page behind a link, where the account has a second factor.

use super::browser::{ASKING, DONE};
use crate::support::chromium::in_browser;
use crate::support::{PASSWORD, TestApp};
use crate::totp::enrolled;

const ADA: &str = "ada@example.com";
const NEW: &str = "a parrot under seven umbrellas";
const FACTOR: &str = "document.querySelector('main').dataset.state === 'factor'";
const TOLD: &str = "document.querySelector('[role=alert]') !== null";

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_by_link_asks_for_the_code_of_the_app_and_a_wrong_one_can_be_corrected() {
    let app = TestApp::with(&["--cookies=on"]).await;
    let ada = app.registered(ADA).await;
    let (authenticator, _) = enrolled(&app, &ada).await;
    app.anonymous().start_email_sign_in(ADA).await;
    let link = app.mail_to(ADA).await.link();
    let runtime = tokio::runtime::Handle::current();
    let sessions = || runtime.block_on(app.database.count("SELECT count(*) FROM sessions"));
    in_browser(&app, |mut browser| {
        browser.open(&format!("/confirm#sign-in={link}"));
        browser.until(ASKING);
        browser.click("button");
        browser.until(FACTOR);
        browser.picture("factor");
        assert_eq!(sessions(), 1, "the link alone opens nothing");
        assert_eq!(browser.value("document.querySelector('#passkey')"), serde_json::Value::Null, "there is none");
        browser.click("#code");
        browser.type_text(&authenticator.wrong(&app));
        browser.press("Enter");
        browser.until(TOLD);
        browser.picture("factor-wrong");
        assert!(browser.text().contains("This code is wrong"), "{}", browser.text());
        assert_eq!(browser.value("document.activeElement.id"), "code");
        let code = authenticator.code(&app, 0);
        browser.type_text(&format!("{} {}", &code[..3], &code[3..]));
        browser.press("Enter");
        browser.until(DONE);
        assert_eq!(sessions(), 2);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_by_link_asks_for_a_factor_and_takes_a_recovery_code() {
    let app = TestApp::with(&["--cookies=on"]).await;
    let ada = app.registered(ADA).await;
    let (_, codes) = enrolled(&app, &ada).await;
    app.database.execute("UPDATE accounts SET email_verified_at = created_at").await;
    app.anonymous().start_password_reset(ADA).await;
    let link = app.mail_to(ADA).await.link();
    let runtime = tokio::runtime::Handle::current();
    in_browser(&app, |mut browser| {
        browser.speak("de");
        browser.open(&format!("/confirm#reset-password={link}"));
        browser.until(ASKING);
        browser.click("#password");
        browser.type_text(NEW);
        browser.click("button");
        browser.until(FACTOR);
        browser.picture("factor-german");
        assert!(browser.text().contains("Wiederherstellungscode"), "{}", browser.text());
        assert_eq!(runtime.block_on(app.anonymous().login_type(ADA, NEW)), "InvalidCredentials", "nothing was done");
        browser.click("#code");
        browser.type_text(&codes[3].to_lowercase());
        browser.click("form button");
        browser.until(DONE);
        for (password, expected) in [(PASSWORD, "InvalidCredentials"), (NEW, "SecondFactorRequired")] {
            assert_eq!(runtime.block_on(app.anonymous().login_type(ADA, password)), expected);
        }
    });
}
