//! What the client says of itself.

use serde_json::json;

use super::*;

/// What comes of a registration and of a sign-in whose client says this.
fn said(client: &Value) -> (Option<Refusal>, Option<Refusal>) {
    let passkeys = passkeys();
    let (mut authenticator, passkey) = registered(&passkeys, Key::es256());
    authenticator.client = client.clone();
    let signed_in = sign_in(&passkeys, &authenticator, &passkey).err();
    (register(&passkeys, &mut authenticator).err(), signed_in)
}

#[test]
fn each_allowed_origin_is_taken_and_no_other() {
    for origin in ["https://example.org", "https://app.example.org:8443", "https://example.de", APP] {
        assert_eq!(said(&json!({ "origin": origin })), (None, None), "{origin}");
    }
    for origin in [
        "https://example.com",
        "https://app.example.org",
        "https://evil.example.org",
        "https://example.org:443",
        "https://example.org/",
        "https://example.org.evil.example",
        "http://example.org",
        "HTTPS://example.org",
        "null",
        "",
        "android:apk-key-hash:CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg",
    ] {
        assert_eq!(said(&json!({ "origin": origin })), (Some(Refusal::Origin), Some(Refusal::Origin)), "{origin}");
    }
}

#[test]
fn a_frame_counts_in_our_own_pages_alone() {
    let within = |cross: Value, top: Value| {
        said(&json!({ "origin": "https://example.org", "crossOrigin": cross, "topOrigin": top }))
    };
    let refused = (Some(Refusal::CrossOrigin), Some(Refusal::CrossOrigin));
    assert_eq!(said(&json!({ "origin": "https://example.org" })), (None, None), "an app does not say");
    assert_eq!(within(false.into(), Value::Null), (None, None));
    assert_eq!(within(true.into(), "https://example.de".into()), (None, None));
    assert_eq!(within(true.into(), Value::Null), refused);
    assert_eq!(within(true.into(), "https://evil.example".into()), refused);
    assert_eq!(within(false.into(), "https://evil.example".into()), refused);
}

#[test]
fn what_a_client_may_add_later_is_passed_over() {
    let client =
        json!({ "origin": "https://example.org", "extraData": { "a": [1] }, "tokenBinding": { "status": "x" } });
    assert_eq!(said(&client), (None, None));
}

#[test]
fn data_without_an_origin_or_with_one_that_is_no_text_is_malformed() {
    let malformed = || Some(Refusal::Malformed("clientDataJSON"));
    for client in [json!({}), json!({ "origin": 7 }), json!({ "origin": "https://example.org", "crossOrigin": "no" })] {
        assert_eq!(said(&client), (malformed(), malformed()), "{client}");
    }
}

#[test]
fn one_ceremony_is_not_the_other() {
    let passkeys = passkeys();
    let (mut authenticator, passkey) = registered(&passkeys, Key::es256());
    for kind in ["webauthn.create", "payment.get", "webauthn.get ", ""] {
        authenticator.kind = Some(kind);
        assert_eq!(sign_in(&passkeys, &authenticator, &passkey).err(), Some(Refusal::Type), "{kind}");
    }
    for kind in ["webauthn.get", "", "Webauthn.create"] {
        authenticator.kind = Some(kind);
        assert_eq!(register(&passkeys, &mut authenticator).err(), Some(Refusal::Type), "{kind}");
    }
}

#[test]
fn a_passkey_of_another_rp_id_is_none_of_ours() {
    let passkeys = passkeys();
    let (mut authenticator, passkey) = registered(&passkeys, Key::es256());
    for rp_id in ["example.com", "app.example.org", "example.org.", "EXAMPLE.ORG", ""] {
        rp_id.clone_into(&mut authenticator.rp_id);
        assert_eq!(sign_in(&passkeys, &authenticator, &passkey).err(), Some(Refusal::RelyingParty), "{rp_id}");
        assert_eq!(register(&passkeys, &mut authenticator).err(), Some(Refusal::RelyingParty), "{rp_id}");
    }
}
