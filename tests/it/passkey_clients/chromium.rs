//! The example of the documentation (`docs/passkeys/`) in Chromium, on an origin of its own.

use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;

use serde_json::{Value, json};

use super::virtual_authenticator::VirtualAuthenticator;
use crate::support::chromium::{Chromium, in_browser_with};
use crate::support::{PASSWORD, TestApp};

/// The page of the application, and one of somebody else on the same machine, who has the same files.
const APPLICATION: &str = "http://localhost:3000";
const OTHER: &str = "http://localhost:3001";

/// Whether somebody is signed in on the page.
const SIGNED_IN: &str = "!document.querySelector('#account').hidden";

/// Serves the files of the example.
fn example() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        // Browsers open connections before they need them.
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || answer(&stream));
        }
    });
    address
}

fn answer(stream: &TcpStream) {
    let mut line = String::new();
    let _ = BufReader::new(stream).read_line(&mut line);
    let path = line.split_whitespace().nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
    let (name, kind) = match path.trim_start_matches('/') {
        "" => ("index.html", "text/html"),
        "style.css" => ("style.css", "text/css"),
        "page.js" => ("page.js", "text/javascript"),
        "passkeys.js" => ("passkeys.js", "text/javascript"),
        _ => return,
    };
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/passkeys"));
    let text = fs::read_to_string(folder.join(name)).expect("a file of the example");
    let head = format!("Content-Type: {kind}\r\nContent-Length: {}\r\nConnection: close", text.len());
    let _ = BufWriter::new(stream).write_all(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{text}").as_bytes());
}

/// A server for both pages, of which one alone may use passkeys.
async fn start() -> TestApp {
    let origins =
        ["--webauthn-origins=http://localhost:3000", "--allowed-origins=http://localhost:3000,http://localhost:3001"];
    TestApp::with(&origins).await
}

fn in_pages(app: &TestApp, work: impl FnOnce(Chromium, VirtualAuthenticator)) {
    let address = example();
    in_browser_with(app, &[("localhost:3000", address), ("localhost:3001", address)], |mut browser| {
        let authenticator = VirtualAuthenticator::of(&mut browser);
        work(browser, authenticator);
    });
}

/// From now on pages find that the browser has no autofill of passkeys, whose user would take each offer.
fn without_autofill(browser: &mut Chromium) -> Value {
    let source = "PublicKeyCredential.isConditionalMediationAvailable = async () => false;";
    browser.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source }))
}

fn with_autofill(browser: &mut Chromium, script: Value) {
    browser.call("Page.removeScriptToEvaluateOnNewDocument", script);
}

/// Signs in with the password.
fn sign_in(browser: &mut Chromium) {
    browser.click("#email");
    browser.type_text("ada@example.com");
    browser.click("#password");
    browser.type_text(PASSWORD);
    browser.press("Enter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_made_and_signs_in_by_button_by_autofill_and_as_second_factor() {
    let app = start().await;
    app.registered("ada@example.com").await;
    in_pages(&app, |mut browser, authenticator| {
        browser.visit(APPLICATION);
        browser.picture("passkeys");
        sign_in(&mut browser);
        browser.until(SIGNED_IN);
        assert!(browser.text().contains("signed in with PASSWORD"), "{}", browser.text());
        browser.click("#add");
        browser.until("!document.querySelector('#codes').hidden");
        browser.picture("passkeys-added");
        assert_eq!(browser.value("document.querySelector('#codes').innerText.split('\\n').length"), 11);
        assert_eq!(authenticator.passkeys(&mut browser), 1);
        // The authenticator that has one is not asked for another.
        browser.click("#add");
        browser.until("document.querySelector('#status').innerText.includes('already registered')");
        assert_eq!(authenticator.passkeys(&mut browser), 1, "{}", browser.text());

        // The page offers passkeys as soon as it is open, and this user takes the offer.
        browser.visit(APPLICATION);
        browser.until(SIGNED_IN);
        assert!(browser.text().contains("signed in with PASSKEY"), "{}", browser.text());

        let autofill = without_autofill(&mut browser);
        browser.visit(APPLICATION);
        browser.click("#by-passkey");
        browser.until(SIGNED_IN);
        assert!(browser.text().contains("signed in with PASSKEY"), "{}", browser.text());

        browser.visit(APPLICATION);
        sign_in(&mut browser);
        browser.until(SIGNED_IN);
        browser.picture("passkeys-second-factor");
        assert!(browser.text().contains("signed in with PASSWORD and PASSKEY"), "{}", browser.text());
        with_autofill(&mut browser, autofill);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_makes_no_passkey_and_signs_nobody_in() {
    let app = start().await;
    app.registered("ada@example.com").await;
    let runtime = tokio::runtime::Handle::current();
    in_pages(&app, |mut browser, _| {
        browser.visit(OTHER);
        sign_in(&mut browser);
        browser.until(SIGNED_IN);
        browser.click("#add");
        let refused = "document.querySelector('#status').innerText.includes('passkey is not accepted')";
        browser.until(refused);
        browser.picture("passkeys-refused");
        assert_eq!(runtime.block_on(app.database.count("SELECT count(*) FROM passkeys")), 0);

        let autofill = without_autofill(&mut browser);
        browser.visit(APPLICATION);
        sign_in(&mut browser);
        browser.until(SIGNED_IN);
        browser.click("#add");
        browser.until("document.querySelectorAll('#passkeys li').length === 1");

        with_autofill(&mut browser, autofill);
        // Here the offer is taken as well, and the server refuses what comes of it.
        browser.visit(OTHER);
        browser.until(refused);
        assert_eq!(browser.value(SIGNED_IN), false, "{}", browser.text());
    });
}
