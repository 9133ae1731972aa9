//! An authenticator and a client that others wrote: the crate `passkey`, in a program of its own (`tests/authenticator`).

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::*;
use crate::passkeys::Credential;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/authenticator");

/// The running program.
pub(super) struct Device(Child);

impl Device {
    /// Builds the program and starts it. Where it can't be built, a test can't run: it says so, and is over; or fails, where
    /// nothing may be left out.
    pub(super) fn start_or_explain() -> Option<Self> {
        let target = format!("{FOLDER}/target");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let build = ["build", "--quiet", "--locked", "--target-dir", &target, "--manifest-path"];
        _ = Command::new(cargo).args(build).arg(format!("{FOLDER}/Cargo.toml")).stderr(Stdio::null()).status();
        let program = Path::new(&target).join("debug/authenticator");
        if !program.exists() {
            assert!(std::env::var_os("PORTCULLIS_TEST_ALL").is_none(), "{FOLDER} can't be built");
            eprintln!("NOT TESTED: {FOLDER} can't be built");
            return None;
        }
        Some(Self(Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()))
    }

    /// The answer, or the error.
    fn ask(&mut self, page: &str, what: &str, options: &Value) -> Result<Value, Value> {
        let answer = self.answer_to(&json!({ "page": page, what: options }));
        if answer["error"].is_null() { Ok(answer) } else { Err(answer) }
    }

    /// The test vector of this name.
    pub(super) fn vector(&mut self, name: &str) -> Value {
        self.answer_to(&json!({ "vector": name }))
    }

    fn answer_to(&mut self, asked: &Value) -> Value {
        writeln!(self.0.stdin.as_mut().unwrap(), "{asked}").unwrap();
        let mut line = String::new();
        BufReader::new(self.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn it_registers_and_signs_in() {
    let Some(mut device) = Device::start_or_explain() else { return };
    let passkeys = passkeys();
    for (page, algorithm) in [("https://example.org", -7), ("https://app.example.org:8443", -8)] {
        let mut options = creation_options(&passkeys);
        options["pubKeyCredParams"].as_array_mut().unwrap().retain(|offered| offered["alg"] == algorithm);
        let answer = device.ask(page, "create", &options).unwrap();
        assert_eq!(answer["response"]["publicKeyAlgorithm"], algorithm);
        let passkey = passkeys.check_registration(&answer, ADA, now()).unwrap();
        let answer = device.ask(page, "get", &passkeys.start_sign_in(now()).unwrap().options).unwrap();
        let assertion = read(&passkeys, &answer).unwrap();
        assert_eq!(*assertion.credential_id(), passkey.credential_id);
        assert_eq!(assertion.verify(known(&passkey)).unwrap().account, ADA);
        let allowed = [Credential { id: &passkey.credential_id, transports: &passkey.transports }];
        let ceremony = Ceremony::Reauthentication(ADA);
        let answer = device.ask(page, "get", &passkeys.start_assertion(ceremony, &allowed, now()).unwrap().options);
        let assertion = passkeys.read_assertion(&answer.unwrap(), ceremony, now()).unwrap();
        assert!(assertion.verify(known(&passkey)).is_ok());
    }
}

#[test]
fn it_makes_no_second_passkey_of_an_account() {
    let Some(mut device) = Device::start_or_explain() else { return };
    let passkeys = passkeys();
    let answer = device.ask("https://example.org", "create", &creation_options(&passkeys)).unwrap();
    let passkey = passkeys.check_registration(&answer, ADA, now()).unwrap();
    let existing = [Credential { id: &passkey.credential_id, transports: &passkey.transports }];
    let owner = Owner { account: ADA, name: "ada@example.org", display_name: "Ada" };
    let options = passkeys.start_registration(owner, &existing, now()).unwrap().options;
    let refused = device.ask("https://example.org", "create", &options).unwrap_err();
    // CTAP2_ERR_CREDENTIAL_EXCLUDED
    assert_eq!(refused["error"], "AuthenticatorError(25)");
}

#[test]
fn the_page_of_somebody_else_gets_nothing() {
    let Some(mut device) = Device::start_or_explain() else { return };
    let passkeys = passkeys();
    for page in ["https://example.com", "https://example.org.evil.example", "http://example.org"] {
        assert!(device.ask(page, "create", &creation_options(&passkeys)).is_err(), "{page}");
    }
    // A page on a host below the RP ID, which is not one of the origins, is what only we can refuse.
    let page = "https://forgotten.example.org";
    let answer = device.ask(page, "create", &creation_options(&passkeys)).unwrap();
    assert_eq!(passkeys.check_registration(&answer, ADA, now()), Err(Refusal::Origin));
    let answer = device.ask(page, "get", &passkeys.start_sign_in(now()).unwrap().options).unwrap();
    assert_eq!(read(&passkeys, &answer).err(), Some(Refusal::Origin));
}
