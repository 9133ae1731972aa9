//! What of a secret can be read in the database, and in what the server tells its operator.

use base64::Engine;
use serde_json::json;

use super::{Authenticator, confirm, kind, prove, start};
use crate::support::TestApp;
use crate::support::database::TestDatabase;
use crate::support::told::Telling;

/// All rows of all tables, as text.
pub(crate) async fn dump(database: &TestDatabase) -> String {
    let tables = database
        .texts("SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema AND table_type = 'BASE TABLE'")
        .await;
    let mut all = String::new();
    for table in tables {
        all += &database.texts(&format!("SELECT t::text FROM \"{table}\" t")).await.join("\n");
    }
    all
}

/// The ways in which a secret may be written down.
pub(crate) fn spellings(secret: &str) -> Vec<String> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut number, mut bytes) = (0, 0_u32, Vec::new());
    for symbol in secret.bytes() {
        number = number << 5 | alphabet.iter().position(|known| *known == symbol).expect("base32") as u32;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((number >> bits) as u8);
        }
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let base64 = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&bytes);
    vec![secret.to_owned(), secret.to_lowercase(), hex, base64]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_has_a_secret_or_a_code_in_plain() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let started = start(&ada).await;
    let authenticator = Authenticator::new(&started);
    let flow = started["flow"].as_str().expect("a flow");
    let pending = dump(&app.database).await;
    assert!(pending.contains("ada@example.com"), "the dump has what is there");
    for secret in spellings(&authenticator.secret).iter().map(String::as_str).chain([flow]) {
        assert!(!pending.contains(secret), "{secret}");
    }
    let confirmed = confirm(&ada, &started, &authenticator.code(&app, 0)).await;
    let codes: Vec<_> = confirmed["recoveryCodes"].as_array().expect("codes").iter().collect();
    assert_eq!(codes.len(), 10);
    let added = dump(&app.database).await;
    for secret in spellings(&authenticator.secret) {
        assert!(!added.contains(&secret), "{secret}");
    }
    for code in codes {
        let code = code.as_str().expect("a code");
        assert!(!added.contains(code) && !added.contains(&code.replace('-', "")), "{code}");
    }
    let over = "SELECT count(*) FROM flows WHERE kind = 'totp' AND data IS NOT NULL";
    assert_eq!(app.database.count(over).await, 0, "the flow keeps nothing any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_the_log_nor_a_span_nor_a_metric_has_a_secret_or_a_code() {
    let database = TestDatabase::new().await;
    let telling = Telling::start(&database.url, &[]).await;
    let ada = telling.server.client().register("ada@example.com").await;
    let started = start(&ada).await;
    let authenticator = Authenticator::new(&started);
    let now = database.count("SELECT extract(epoch FROM now())::bigint").await;
    let code = authenticator.code_at(now);
    let confirmed = confirm(&ada, &started, &code).await;
    assert_eq!(kind(&confirmed), "ConfirmTotpSuccess", "{confirmed}");
    prove(&ada, "987654").await;
    let told = telling.stop().await;
    assert!(told.log.contains("second_factor"), "{}", told.log);
    let shown = confirmed["recoveryCodes"].as_array().expect("codes").clone();
    let texts = [json!(authenticator.secret), started["flow"].clone(), json!(code), json!("987654")];
    for secret in shown.iter().chain(&texts) {
        told.lacks(secret.as_str().expect("a text"));
    }
}
