//! An authenticator with its client: the crate `passkey`. It reads one JSON a line and answers with one line.
//!
//! `{"page": URL, "create": PublicKeyCredentialCreationOptionsJSON}` makes a passkey, which takes the place of the one before.
//! `{"page": URL, "get": PublicKeyCredentialRequestOptionsJSON}` uses it. The answer is what `toJSON()` makes, or `{"error": text}`.
//! `{"vector": name}` is answered with a test vector of the specification.

mod vectors;

use std::io::stdin;

use async_trait::async_trait;
use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::client::{Client, DefaultClientData, WebauthnError};
use passkey::crypto::rust_crypto::RustCryptoBackend;
use passkey::types::Passkey;
use passkey::types::ctap2::{Aaguid, Ctap2Error};
use serde_json::{Value, from_value, json, to_value};
use url::Url;

/// Whoever holds the device agrees to everything.
struct Somebody;

#[async_trait]
impl UserValidationMethod for Somebody {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        hint: UiHint<'a, Self::PasskeyItem>,
        presence: bool,
        verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        match hint {
            UiHint::InformExcludedCredentialFound(_) => Err(Ctap2Error::CredentialExcluded),
            _ => Ok(UserCheck { presence, verification }),
        }
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let device = Authenticator::new(Aaguid::new_empty(), None::<Passkey>, Somebody, RustCryptoBackend);
    let mut client = Client::new(device);
    for line in stdin().lines() {
        let asked: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        if let Some(name) = asked["vector"].as_str() {
            println!("{}", vectors::vector(name));
            continue;
        }
        let page = Url::parse(asked["page"].as_str().expect("a page")).expect("a URL");
        let answer: Result<Value, WebauthnError> = if let Some(options) = asked.get("create") {
            let options = from_value(json!({ "publicKey": options })).expect("options");
            client.register(&page, options, DefaultClientData).await.map(|made| to_value(made).expect("JSON"))
        } else {
            let options = from_value(json!({ "publicKey": asked["get"] })).expect("options");
            client.authenticate(&page, options, DefaultClientData).await.map(|used| to_value(used).expect("JSON"))
        };
        println!("{}", answer.unwrap_or_else(|error| json!({ "error": format!("{error:?}") })));
    }
}
