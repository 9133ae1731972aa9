//! The page behind links in mails, and what it asks: `/confirm`, `emailLink`.

mod browser;
mod changes;
mod factor;
mod mails;

use serde_json::{Value, json};

use crate::allow_list::File;
use crate::support::client::Client;
use crate::support::{PASSWORD, TestApp};

const VERIFIED: &[&str] = &["--email-verification=required"];

const LOOK: &str = "query Look($link: String!) { emailLink(link: $link) { purpose email newEmail username requestedAt \
    userAgent ipAddress expiresAt } }";

async fn look(client: &Client, link: &str) -> Value {
    client.send(LOOK, json!({ "link": link })).await
}

/// Begins a registration, and gives the link that the mail has.
pub(crate) async fn registering(app: &TestApp, email: &str) -> String {
    let input = json!({ "email": email, "username": "ada", "password": PASSWORD });
    let answer = app.anonymous().try_register(input).await;
    assert_eq!(answer["data"]["register"]["__typename"], "RegistrationPending", "{answer}");
    app.mail_to(email).await.link()
}

async fn confirm(client: &Client, link: &str) -> Value {
    let query = "mutation($input: ConfirmRegistrationInput!) { confirmRegistration(input: $input) { __typename } }";
    client.send(query, json!({ "input": { "proof": { "link": link } } })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_the_same_for_everybody_and_a_get_of_it_does_nothing() {
    let app = TestApp::with(VERIFIED).await;
    let link = registering(&app, "ada@example.com").await;
    let http = app.anonymous().http;
    let mut texts = Vec::new();
    for path in ["/confirm", &format!("/confirm?{link}"), &format!("/confirm?confirm-registration={link}")] {
        let answer = http.get(app.url(path)).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        let headers = answer.headers().clone();
        for (name, value) in [
            (
                "content-security-policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; \
                 frame-ancestors 'none'; base-uri 'none'",
            ),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(headers[name], value, "{path}");
        }
        texts.push(answer.text().await.expect("text"));
    }
    assert!(texts.iter().all(|text| *text == texts[0] && !text.contains("pcl_")));
    assert!(!texts[0].contains(" style=") && !texts[0].contains("onclick") && texts[0].matches("<script").count() == 1);
    for path in ["/confirm/confirm.js", "/confirm/confirm.css"] {
        let answer = http.get(app.url(path)).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
    }
    assert_eq!(http.get(app.url("/confirm/")).send().await.expect("an answer").status(), 404);
    assert_eq!(app.database.count("SELECT count(*) FROM accounts").await, 0);
    assert_eq!(confirm(&app.anonymous(), &link).await["data"]["confirmRegistration"]["__typename"], "RegisterSuccess");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_served_where_links_lead_to_it_and_not_elsewhere() {
    for (flags, expected) in [
        (&["--env=development"][..], 200),
        (&["--env=development", "--graphiql=off"], 200),
        (&["--env=development", "--link-url=https://app.example.com/link"], 404),
        (&["--env=production"], 404),
    ] {
        let app = TestApp::with(flags).await;
        for path in ["/confirm", "/confirm/confirm.js", "/confirm/confirm.css"] {
            let answer = app.anonymous().http.get(app.url(path)).send().await.expect("an answer");
            assert_eq!(answer.status(), expected, "{flags:?} {path}");
        }
    }
    let app = TestApp::with(&["--issuer=https://example.com/auth"]).await;
    for path in ["/confirm", "/auth/confirm", "/auth/confirm/confirm.js", "/auth/confirm/confirm.css"] {
        let answer = app.anonymous().http.get(app.url(path)).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_tells_what_it_leads_to_and_who_asked_and_still_works() {
    let app = TestApp::with(VERIFIED).await;
    let link = registering(&app, "Ada@example.com").await;
    let client = app.anonymous();
    let expected = json!({
        "purpose": "CONFIRM_REGISTRATION",
        "email": "Ada@example.com",
        "newEmail": null,
        "username": "ada",
        "requestedAt": "2026-01-01T00:00:00Z",
        "userAgent": "tests/1.0",
        "ipAddress": "127.0.0.1",
        "expiresAt": "2026-01-01T01:00:00Z",
    });
    for _ in 0..3 {
        assert_eq!(look(&client, &link).await["data"]["emailLink"], expected);
    }
    assert_eq!(confirm(&client, &link).await["data"]["confirmRegistration"]["__typename"], "RegisterSuccess");
    assert_eq!(look(&client, &link).await, json!({ "data": { "emailLink": null } }), "it was used");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_link_or_is_over_leads_to_nothing() {
    let app = TestApp::with(VERIFIED).await;
    let client = app.anonymous();
    let link = registering(&app, "ada@example.com").await;
    let long = "pcl_".to_owned() + &"a".repeat(50_000);
    let flow = app.anonymous().try_register(json!({ "email": "eve@example.com", "password": PASSWORD })).await;
    let flow = flow["data"]["register"]["flow"].as_str().map(str::to_owned).unwrap_or_default();
    for none in ["", "pcl_", &link[..link.len() - 1], &format!("{link}x"), &link.to_uppercase(), &flow, &long, "\u{0}"]
    {
        assert_eq!(look(&client, none).await, json!({ "data": { "emailLink": null } }), "{none:.60}");
    }
    app.clock.advance(std::time::Duration::from_secs(3599));
    assert_eq!(look(&client, &link).await["data"]["emailLink"]["email"], "ada@example.com");
    app.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(look(&client, &link).await, json!({ "data": { "emailLink": null } }), "it has expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_to_a_taken_address_leads_to_a_new_password_unless_the_account_is_disabled() {
    let app = TestApp::with(VERIFIED).await;
    let client = app.anonymous();
    let link = registering(&app, "ada@example.com").await;
    confirm(&client, &link).await;
    let input = json!({ "email": "ADA@example.com", "username": "mallory", "password": PASSWORD });
    client.try_register(input).await;
    let mails = app.mails_to("ADA@example.com").await;
    let mails = if mails.is_empty() { app.mails_to("ada@example.com").await } else { mails };
    let link = mails[0].link();
    let found = look(&client, &link).await["data"]["emailLink"].clone();
    // What a stranger typed is not shown to the owner.
    assert_eq!((&found["purpose"], &found["username"]), (&json!("RESET_PASSWORD"), &json!("ada")), "{found}");
    app.database.operator.execute("UPDATE accounts SET disabled_at = now()", &[]).await.expect("an update");
    assert_eq!(look(&client, &link).await, json!({ "data": { "emailLink": null } }));
}

#[tokio::test(flavor = "multi_thread")]
async fn looks_are_limited_as_attempts_and_say_when_to_come_back() {
    let app = TestApp::with(&["--rate-limits=on", "--limit-attempts=5/1m"]).await;
    let client = app.anonymous();
    let mut refused = Value::Null;
    for _ in 0..10 {
        let answer = look(&client, "pcl_nothing").await;
        if answer["errors"].is_array() {
            refused = answer;
            break;
        }
    }
    assert_eq!(refused["errors"][0]["extensions"]["code"], "RATE_LIMITED", "{refused}");
    assert!(refused["errors"][0]["extensions"]["retryAfter"].as_u64().is_some_and(|seconds| seconds > 0), "{refused}");
    assert_eq!(refused["data"], json!({ "emailLink": null }));
}

/// Otherwise the link would stay in memory.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_with_a_link_in_it_is_not_remembered() {
    use crate::persisted::{apollo, code, sha256};
    let app = TestApp::start().await;
    let client = app.anonymous();
    let inline = "query { ...Link } fragment Link on Query { emailLink(link: \"pcl_secret\") { email } }";
    let other = "{ __type(name: \"Query\") { name } }";
    for (document, kept) in [(inline, false), (LOOK, true), (other, true)] {
        client.send(document, json!({ "link": "pcl_" })).await;
        assert_eq!(code(&client, &apollo(&sha256(document))).await != "PERSISTED_QUERY_NOT_FOUND", kept, "{document}");
    }
}

/// Where only registered documents are answered, the page has to work all the same.
#[tokio::test(flavor = "multi_thread")]
async fn the_documents_of_the_page_are_registered_where_the_page_is_served() {
    let manifest = File::new(&json!({ "me": "{ me { id } }" }));
    let only = ["--persisted-queries=only", &manifest.flag(), "--env=development"];
    let app = TestApp::with(&only).await;
    let script = app.anonymous().http.get(app.url("/confirm/confirm.js")).send().await.expect("an answer");
    let script = script.text().await.expect("text");
    let documents = script.lines().next().and_then(|line| line.strip_prefix("const documents = "));
    let documents = documents.expect("documents").trim_end_matches(';');
    let documents: std::collections::BTreeMap<String, String> = serde_json::from_str(documents).expect("JSON");
    assert_eq!(documents.len(), 9);
    let elsewhere = TestApp::with(&[&only[..], &["--link-url=https://app.example.com/link"]].concat()).await;
    for (name, text) in documents {
        // Without variables nothing is executed.
        let answer = app.anonymous().send(&text, json!({})).await;
        let expected = if name == "Logout" { Value::Null } else { json!("BAD_USER_INPUT") };
        assert_eq!(answer["errors"][0]["extensions"]["code"], expected, "{name}: {answer}");
        let answer = elsewhere.anonymous().send(&text, json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "QUERY_NOT_IN_SAFELIST", "{name}: {answer}");
    }
    let other = app.anonymous().send("query Other { emailLink(link: \"\") { email } }", json!({})).await;
    assert_eq!(other["errors"][0]["extensions"]["code"], "QUERY_NOT_IN_SAFELIST", "{other}");
}
