//! Whose passkeys there are.

use portcullis::config::RelyingParty;

use crate::support::app::settings;

fn checked(flags: &[&str]) -> Result<Option<RelyingParty>, String> {
    let config = settings(&[&["--data-dir=/x"], flags].concat()).check();
    config.map(|config| config.passkeys).map_err(|faults| faults.to_string())
}

#[test]
fn the_issuer_is_the_relying_party_unless_another_is_set() {
    for (issuer, id, origin) in [
        ("http://localhost:8080", "localhost", "http://localhost:8080"),
        ("https://auth.example.com", "auth.example.com", "https://auth.example.com"),
        ("https://Auth.Example.com:443/auth/", "auth.example.com", "https://auth.example.com"),
        ("https://auth.example.com:8443/auth", "auth.example.com", "https://auth.example.com:8443"),
        ("https://bücher.example", "xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ] {
        let party = checked(&[&format!("--issuer={issuer}")]).expect("settings").expect("a relying party");
        assert_eq!(party.id, id, "{issuer}");
        assert!(party.allows(origin) && party.related_origins().is_empty(), "{issuer}");
    }
    let above = ["--issuer=https://auth.example.com", "--webauthn-rp-id=example.com"];
    let party = checked(&above).expect("settings").expect("a relying party");
    assert!(party.id == "example.com" && party.allows("https://auth.example.com"));
    let others = [above[0], above[1], "--webauthn-origins=https://app.example.com, https://example.de"];
    let party = checked(&others).expect("settings").expect("a relying party");
    assert!(!party.allows("https://auth.example.com"), "the issuer is one of them only if it is named");
    assert!(party.allows("https://app.example.com") && party.related_origins() == ["https://example.de"]);
}

#[test]
fn an_issuer_that_browsers_have_no_passkeys_for_leaves_them_out() {
    for issuer in ["http://auth.example.com", "https://192.0.2.1", "http://127.0.0.1:8080", "https://[2001:db8::1]"] {
        let issuer = format!("--issuer={issuer}");
        assert!(checked(&[&issuer]).expect("settings").is_none(), "{issuer}");
        let alone = checked(&[&issuer, "--webauthn-rp-id=example.com"]).expect_err("a fault");
        assert!(alone.contains("PORTCULLIS_WEBAUTHN_ORIGINS: it must be set as well"), "{alone}");
        let alone = checked(&[&issuer, "--webauthn-origins=https://example.com"]).expect_err("a fault");
        assert!(alone.contains("PORTCULLIS_WEBAUTHN_RP_ID: it must be set as well"), "{alone}");
        let both = checked(&[&issuer, "--webauthn-rp-id=example.com", "--webauthn-origins=https://example.com"]);
        assert!(both.expect("settings").is_some(), "{issuer}");
    }
}

#[test]
fn what_browsers_would_refuse_is_a_fault_at_start() {
    let id = |id: &str, why: &str| (format!("--webauthn-rp-id={id}"), "PORTCULLIS_WEBAUTHN_RP_ID: ", why.to_owned());
    let origins = |origins: &str, why: &str| {
        (format!("--webauthn-origins={origins}"), "PORTCULLIS_WEBAUTHN_ORIGINS: ", why.to_owned())
    };
    for (flag, variable, why) in [
        id("example.org", "not the host of PORTCULLIS_ISSUER"),
        id("com", "not the host of PORTCULLIS_ISSUER"),
        id("www.auth.example.com", "not the host of PORTCULLIS_ISSUER"),
        id("https://example.com", "it is not a domain"),
        id("Example.com", "browsers write it as example.com"),
        origins("https://example.com", "none of the pages"),
        origins("http://auth.example.com", "is not https"),
        origins("https://auth.example.com,https://*.example.com", "name each"),
        origins("https://auth.example.com,http://localhost", "is not https"),
        origins("https://auth.example.com,android:apk-key-hash:x", "the hash of its certificate"),
        origins(",", "it names no origin"),
    ] {
        let fault = checked(&["--issuer=https://auth.example.com", &flag]).expect_err(&flag);
        assert!(fault.contains(variable) && fault.contains(&why) && fault.lines().count() == 2, "{flag}: {fault}");
    }
}
