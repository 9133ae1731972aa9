//! Ceremonies with an authenticator in software, and every way to forge one.

mod authenticator;
mod broken;
mod challenges;
mod client;
mod keys;
mod other_authenticator;
mod registration;
mod sign_in;
mod vectors;

use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::{Assertion, Ceremony, Known, NewPasskey, Owner, Passkeys, Refusal, Verified};
use crate::clock::Timestamp;
use crate::config::{Config, RelyingParty, Secret};
use crate::ids::AccountId;
use authenticator::{Authenticator, Key};

const ADA: AccountId = AccountId(Uuid::from_u128(0xada));
const MALLORY: AccountId = AccountId(Uuid::from_u128(0xbad));
const APP: &str = "android:apk-key-hash:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

fn now() -> Timestamp {
    "2026-12-01T12:00:00Z".parse().unwrap()
}

fn secret(byte: u8) -> Secret {
    Secret::new(&[byte; 32]).unwrap()
}

fn relying_party() -> RelyingParty {
    let origins = format!("https://example.org,https://app.example.org:8443,https://example.de,{APP}");
    let settings = [
        ("PORTCULLIS_DATA_DIR", "/x"),
        ("PORTCULLIS_ISSUER", "https://example.org"),
        ("PORTCULLIS_WEBAUTHN_ORIGINS", &origins),
    ];
    Config::from_settings(settings).unwrap().passkeys.unwrap()
}

fn passkeys() -> Passkeys {
    Passkeys::new(&relying_party(), &secret(1), None).unwrap()
}

/// The options of a registration of Ada's.
fn creation_options(passkeys: &Passkeys) -> Value {
    let owner = Owner { account: ADA, name: "ada@example.org", display_name: "Ada" };
    passkeys.start_registration(owner, &[], now()).unwrap().options
}

fn register(passkeys: &Passkeys, authenticator: &mut Authenticator) -> Result<NewPasskey, Refusal> {
    let answer = authenticator.register(&creation_options(passkeys));
    passkeys.check_registration(&answer, ADA, now())
}

/// An authenticator with a passkey of Ada's.
fn registered(passkeys: &Passkeys, key: Key) -> (Authenticator, NewPasskey) {
    let mut authenticator = Authenticator::new(key);
    let passkey = register(passkeys, &mut authenticator).unwrap();
    (authenticator, passkey)
}

fn known(passkey: &NewPasskey) -> Known<'_> {
    Known { account: passkey.account, public_key: &passkey.public_key, is_backup_eligible: passkey.is_backup_eligible }
}

/// The answer to a question that was asked now.
fn answered(passkeys: &Passkeys, authenticator: &Authenticator) -> Value {
    authenticator.sign_in(&passkeys.start_sign_in(now()).unwrap().options)
}

fn verified(passkeys: &Passkeys, answer: &Value, known: Known<'_>) -> Result<Verified, Refusal> {
    read(passkeys, answer)?.verify(known)
}

fn read(passkeys: &Passkeys, answer: &Value) -> Result<Assertion, Refusal> {
    passkeys.read_assertion(answer, Ceremony::SignIn, now() + Duration::from_secs(1))
}

/// A sign-in with this authenticator as it is.
fn sign_in(passkeys: &Passkeys, authenticator: &Authenticator, passkey: &NewPasskey) -> Result<Verified, Refusal> {
    verified(passkeys, &answered(passkeys, authenticator), known(passkey))
}
