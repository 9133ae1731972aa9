//! The server's own page behind links, where the account has a passkey.

use super::virtual_authenticator::VirtualAuthenticator;
use crate::support::chromium::in_browser;
use crate::support::{PASSWORD, TestApp};

const ADA: &str = "ada@example.com";
const NEW: &str = "a parrot under seven umbrellas";
const STATE: &str = "document.querySelector('main').dataset.state";

/// Makes a passkey in the page, for whoever has this access token.
const ADD: &str = "(async () => {
    const send = async (query, variables) => {
        const headers = { 'content-type': 'application/json', authorization: 'Bearer TOKEN' };
        const answer = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
        return (await answer.json()).data;
    };
    const { startPasskey } = await send('mutation { startPasskey { ... on PasskeyOptions { options } } }');
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(startPasskey.options);
    const credential = (await navigator.credentials.create({ publicKey })).toJSON();
    const add = 'mutation($i: AddPasskeyInput!) { addPasskey(input: $i) { __typename } }';
    return (await send(add, { i: { credential } })).addPasskey.__typename;
})()";

/// The link of the newest mail that has one. Others tell of the passkey.
async fn link(app: &TestApp) -> String {
    let mails = app.mails_to(ADA).await;
    mails.iter().find(|mail| mail.text().contains("pcl_")).expect("a mail with a link").link()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_and_a_sign_in_take_the_passkey_as_second_factor() {
    let app = TestApp::with(&["--cookies=on"]).await;
    let ada = app.registered(ADA).await;
    app.database.execute("UPDATE accounts SET email_verified_at = created_at").await;
    let runtime = tokio::runtime::Handle::current();
    in_browser(&app, |mut browser| {
        let authenticator = VirtualAuthenticator::of(&mut browser);
        browser.open("/confirm");
        assert_eq!(browser.value(&ADD.replace("TOKEN", ada.access_token())), "AddPasskeySuccess");

        runtime.block_on(app.anonymous().start_password_reset(ADA));
        let link = runtime.block_on(link(&app));
        browser.open(&format!("/confirm#reset-password={link}"));
        browser.until(&format!("{STATE} === 'asking'"));
        browser.click("#password");
        browser.type_text(NEW);
        browser.click("button");
        browser.until(&format!("{STATE} === 'factor'"));
        browser.picture("factor-passkey");
        // The passkey is on another device.
        authenticator.forget(&mut browser);
        browser.click("#passkey");
        browser.until("document.querySelector('[role=alert]') !== null");
        assert!(browser.text().contains("No passkey was shown"), "{}", browser.text());
        assert_eq!(runtime.block_on(app.anonymous().login_type(ADA, PASSWORD)), "SecondFactorRequired");
    });
    in_browser(&app, |mut browser| {
        VirtualAuthenticator::of(&mut browser);
        browser.open("/confirm");
        assert_eq!(browser.value(&ADD.replace("TOKEN", ada.access_token())), "AddPasskeySuccess");
        for (start, fragment) in [("reset", "reset-password"), ("sign-in", "sign-in")] {
            app.clock.advance(std::time::Duration::from_secs(60));
            if start == "reset" {
                runtime.block_on(app.anonymous().start_password_reset(ADA));
            } else {
                runtime.block_on(app.anonymous().start_email_sign_in(ADA));
            }
            let link = runtime.block_on(link(&app));
            browser.open(&format!("/confirm#{fragment}={link}"));
            browser.until(&format!("{STATE} === 'asking'"));
            if start == "reset" {
                browser.click("#password");
                browser.type_text(NEW);
            }
            browser.click("button");
            browser.until(&format!("{STATE} === 'factor'"));
            if start == "reset" {
                // The link lives longer than the options of the passkey, and the next try has new ones.
                app.clock.advance(std::time::Duration::from_secs(11 * 60));
                browser.click("#passkey");
                browser.until("document.querySelector('[role=alert]') !== null");
                assert!(browser.text().contains("This passkey was not accepted"), "{}", browser.text());
            }
            browser.click("#passkey");
            browser.until(&format!("{STATE} === 'done'"));
        }
        let methods = "SELECT count(*) FROM sessions WHERE methods = '{email,passkey}'";
        assert_eq!(runtime.block_on(app.database.count(methods)), 1);
        assert_eq!(runtime.block_on(app.anonymous().login_type(ADA, NEW)), "SecondFactorRequired");
    });
}
