//! soft-webauthn, which shares no line with the server nor with its tests.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::support::flows::kind;
use crate::support::python::Pip;
use crate::support::{Client, PASSWORD, SignedIn, TestApp};

const PYTHON: Pip = Pip { folder: "soft-webauthn", module: "soft_webauthn" };
const PAGE: &str = "http://localhost:8080";

/// A device with one passkey. It ends when dropped, since its input does.
struct Device {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Device {
    fn start() -> Option<Self> {
        let mut python = Command::new(PYTHON.python_or_explain()?);
        python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/soft-webauthn/device.py"));
        let mut child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a device");
        let from = BufReader::new(child.stdout.take().expect("standard output"));
        Some(Self { to: child.stdin.take(), child, from })
    }

    fn ask(&mut self, what: &str, options: &Value, verified: bool) -> Value {
        let asked = json!({ "page": PAGE, what: options, "verified": verified });
        writeln!(self.to.as_mut().expect("standard input"), "{asked}").expect("a running device");
        let mut line = String::new();
        self.from.read_line(&mut line).expect("an answer");
        serde_json::from_str(&line).expect("JSON")
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        drop(self.to.take());
        let _ = self.child.wait();
    }
}

async fn add(ada: &SignedIn, device: &mut Device, verified: bool) -> Value {
    let start = "mutation { startPasskey { __typename ... on PasskeyOptions { options } } }";
    let started = ada.send(start, Value::Null).await["data"]["startPasskey"].clone();
    let credential = device.ask("create", &started["options"], verified);
    let add = "mutation($i: AddPasskeyInput!) { addPasskey(input: $i) { __typename } }";
    ada.send(add, json!({ "i": { "credential": credential } })).await["data"]["addPasskey"].clone()
}

async fn sign_in(client: &Client, device: &mut Device, verified: bool) -> Value {
    let started = client.send("mutation { startPasskeySignIn { options } }", Value::Null).await;
    let credential = device.ask("get", &started["data"]["startPasskeySignIn"]["options"], verified);
    let query = "mutation($i: PasskeySignInInput!) { signInWithPasskey(input: $i) { __typename \
        ... on LoginSuccess { session { methods } } } }";
    client.send(query, json!({ "i": { "credential": credential } })).await["data"]["signInWithPasskey"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_registers_signs_in_and_is_refused_unless_it_verified_its_user() {
    let app = TestApp::start().await;
    let ada = app.registered("ada@example.com").await;
    let Some(mut device) = Device::start() else { return };
    assert_eq!(kind(&add(&ada, &mut device, false).await), "InvalidPasskey");
    assert_eq!(kind(&add(&ada, &mut device, true).await), "AddPasskeySuccess");
    assert_eq!(kind(&sign_in(&app.anonymous(), &mut device, false).await), "InvalidPasskey");
    for _ in 0..2 {
        let signed_in = sign_in(&app.anonymous(), &mut device, true).await;
        assert_eq!(signed_in["session"]["methods"], json!(["PASSKEY"]), "{signed_in}");
    }

    let login = crate::second_step::login(&app.anonymous(), PASSWORD).await;
    assert_eq!(login["methods"], json!(["PASSKEY", "RECOVERY_CODE"]), "{login}");
    let passkey = device.ask("get", &login["passkeyOptions"], true);
    let completed = crate::second_step::complete(&app.anonymous(), &login, json!({ "passkey": passkey })).await;
    assert_eq!(completed["session"]["methods"], json!(["PASSWORD", "PASSKEY"]), "{completed}");
}
