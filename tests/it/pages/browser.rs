//! The pages in a real browser.

use serde_json::json;

use super::{confirm, registering};
use crate::support::TestApp;
use crate::support::chromium::in_browser;

const COOKIES: &[&str] = &["--email-verification=required", "--cookies=on"];

pub(super) const DONE: &str = "document.querySelector('main').dataset.state === 'done'";
pub(super) const ASKING: &str = "document.querySelector('main').dataset.state === 'asking'";
const OVER: &str = "document.querySelector('main').dataset.state === 'over'";

async fn count(app: &TestApp, table: &str) -> i64 {
    app.database.count(&format!("SELECT count(*) FROM {table}")).await
}

fn path(link: &str) -> String {
    format!("/confirm#confirm-registration={link}")
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_registers_opens_the_mail_clicks_the_link_presses_the_button_and_is_signed_in() {
    let app = TestApp::with(COOKIES).await;
    let link = registering(&app, "ada@example.com").await;
    let runtime = tokio::runtime::Handle::current();
    in_browser(&app, |mut browser| {
        browser.open("/mail");
        browser.until("document.querySelector('#shown h2') !== null");
        browser.picture("mail");
        browser.click_in_frame("#confirm-registration=");
        browser.until(ASKING);
        browser.picture("confirm-registration");
        assert_eq!(browser.value("location.href"), "http://localhost:8080/confirm", "nothing of it is in the address");
        let text = browser.text();
        for part in ["ada@example.com", "ada", "127.0.0.1", "tests"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(runtime.block_on(count(&app, "accounts")), 0, "nothing has happened yet");
        // A reload, and the way back, lose nothing.
        browser.call("Page.reload", json!({}));
        browser.until(ASKING);
        browser.click("button");
        browser.until(DONE);
        browser.picture("confirmed");
        assert_eq!(browser.value("document.activeElement.id"), "title", "the outcome has the focus");
        assert_eq!(browser.value("sessionStorage.length"), 0, "the link is forgotten");
        assert!(browser.text().contains("You are signed in"), "{}", browser.text());
        assert_eq!((runtime.block_on(count(&app, "accounts")), runtime.block_on(count(&app, "sessions"))), (1, 1));
        let cookies = browser.call("Network.getCookies", json!({})).to_string();
        assert!(cookies.contains("__Host-portcullis-refresh"), "{cookies}");
        // A used one.
        browser.open(&path(&link));
        browser.until(OVER);
        browser.picture("over");
        assert!(browser.text().contains("This link is over"), "{}", browser.text());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn without_cookies_the_account_is_made_and_nobody_stays_signed_in() {
    let app = TestApp::with(&["--email-verification=required"]).await;
    registering(&app, "ada@example.com").await;
    let runtime = tokio::runtime::Handle::current();
    in_browser(&app, |mut browser| {
        // The text of the mail has the link as well.
        browser.open("/mail");
        browser.click("summary");
        browser.click("pre a");
        browser.until(ASKING);
        // The keyboard will do.
        browser.press("Tab");
        browser.press("Enter");
        browser.until(DONE);
        assert!(browser.text().contains("You can sign in now"), "{}", browser.text());
        assert_eq!(runtime.block_on(count(&app, "accounts")), 1);
        let active = "sessions WHERE revoked_at IS NULL";
        assert_eq!(runtime.block_on(count(&app, active)), 0, "no session is left open");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_leads_nowhere_is_said_to_and_so_is_a_broken_one_in_german_too() {
    let app = TestApp::with(COOKIES).await;
    let link = registering(&app, "ada@example.com").await;
    in_browser(&app, |mut browser| {
        let unknown = format!("pcl_{}", "a".repeat(43));
        for (fragment, text) in [
            (String::new(), "Open the link in the mail"),
            (format!("#confirm-registration={}", &link[..20]), "This link is not complete"),
            ("#confirm-registration=<img src=x onerror=alert(1)>".to_owned(), "This link is not complete"),
            ("#".to_owned() + &unknown, "This link is not complete"),
            (format!("#sign-in={unknown}"), "This link is over"),
        ] {
            browser.open(&format!("/confirm{fragment}"));
            browser.until(OVER);
            assert!(browser.text().contains(text), "{fragment}: {}", browser.text());
            assert_eq!(browser.value("document.documentElement.lang"), "en");
        }
        browser.speak("fr,de-AT,en");
        browser.open(&path(&link));
        browser.until(ASKING);
        browser.picture("german");
        assert_eq!(browser.value("document.documentElement.lang"), "de");
        assert!(browser.text().contains("Konto anlegen"), "{}", browser.text());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_on_the_way_is_said_and_can_be_tried_again() {
    let app = TestApp::with(COOKIES).await;
    let link = registering(&app, "ada@example.com").await;
    let runtime = tokio::runtime::Handle::current();
    let again = "document.querySelector('[role=alert]') !== null";
    in_browser(&app, |mut browser| {
        browser.open(&path(&link));
        browser.until(ASKING);
        let network = |offline: bool| json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        browser.call("Network.enable", json!({}));
        browser.call("Network.emulateNetworkConditions", network(true));
        browser.click("button");
        browser.until(again);
        browser.picture("offline");
        assert!(browser.text().contains("There was no answer"), "{}", browser.text());
        assert_eq!(browser.value("document.activeElement.role"), "alert");
        browser.call("Network.emulateNetworkConditions", network(false));
        // Somebody else was faster.
        let confirmed = runtime.block_on(confirm(&app.anonymous(), &link));
        assert_eq!(confirmed["data"]["confirmRegistration"]["__typename"], "RegisterSuccess", "{confirmed}");
        browser.click("button");
        browser.until(OVER);
        assert!(browser.text().contains("This link is over"), "{}", browser.text());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_mail_appears_by_itself_while_the_page_is_open() {
    let app = TestApp::with(COOKIES).await;
    let runtime = tokio::runtime::Handle::current();
    in_browser(&app, |mut browser| {
        browser.open("/mail");
        assert!(browser.text().contains("There is no mail yet"), "{}", browser.text());
        browser.picture("mail-none");
        runtime.block_on(registering(&app, "ada@example.com"));
        browser.until("document.querySelector('#list a')?.innerText.includes('ada@example.com') === true");
        browser.until("document.querySelector('#shown h2') !== null");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_replaced_and_a_weak_one_is_refused_with_advice() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    let query = "mutation { startPasswordReset(input: { email: \"ada@example.com\" }) { __typename } }";
    app.anonymous().send(query, json!({})).await;
    let link = app.mail_to("ada@example.com").await.link();
    let runtime = tokio::runtime::Handle::current();
    in_browser(&app, |mut browser| {
        browser.open(&format!("/confirm#reset-password={link}"));
        browser.until(ASKING);
        browser.click("#password");
        browser.type_text("password1");
        browser.click("button");
        browser.until("document.querySelector('[role=alert]') !== null");
        browser.picture("weak");
        assert!(browser.text().contains("too easily guessed"), "{}", browser.text());
        assert_eq!(browser.value("document.activeElement.id"), "password");
        browser.value("document.querySelector('#password').select()");
        browser.type_text("a parrot under seven umbrellas");
        browser.press("Enter");
        browser.until(DONE);
        let login = runtime.block_on(app.anonymous().login_type("ada@example.com", "a parrot under seven umbrellas"));
        assert_eq!(login, "LoginSuccess");
    });
}
