//! Pages of other domains that may use our passkeys (WebAuthn Level 3 section 5.11).

use serde_json::{Value, json};

use crate::support::TestApp;

const PATH: &str = "/.well-known/webauthn";
const OWN: &str = "https://auth.example.com,https://app.example.com";

async fn started(origins: &str) -> TestApp {
    let flags = ["--issuer=https://auth.example.com", "--webauthn-rp-id=example.com"];
    TestApp::with(&[flags.as_slice(), &[&format!("--webauthn-origins={origins}")]].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_find_the_pages_of_other_domains_and_no_more() {
    let app = started(&format!("{OWN},https://example.de,https://login.example.fr:8443")).await;
    let answer = app.anonymous().http.get(app.url(PATH)).send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"application/json".parse().expect("a value"))
    );
    assert_eq!(answer.headers()["cache-control"], "public, max-age=300");
    let document: Value = answer.json().await.expect("JSON");
    assert_eq!(document, json!({ "origins": ["https://example.de", "https://login.example.fr:8443"] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_document_where_all_pages_are_below_the_rp_id() {
    let app = started(OWN).await;
    let answer = app.anonymous().http.get(app.url(PATH)).send().await.expect("an answer");
    assert_eq!(answer.status(), 404);
}
