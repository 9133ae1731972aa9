//! Answers that were cut off, altered, or are too large.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coset::cbor::Value as Cbor;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const PARTS: [&str; 2] = ["clientDataJSON", "attestationObject"];
const SIGNED: [&str; 3] = ["clientDataJSON", "authenticatorData", "signature"];

pub(super) fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn part(answer: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(answer["response"][name].as_str().unwrap()).unwrap()
}

/// The answer with another part.
fn with(answer: &Value, name: &str, bytes: &[u8]) -> Value {
    let mut answer = answer.clone();
    answer["response"][name] = encoded(bytes).into();
    answer
}

#[test]
fn a_part_that_is_cut_off_or_goes_on_anywhere_is_refused() {
    let passkeys = passkeys();
    for key in Key::all() {
        let mut authenticator = Authenticator::new(key);
        let registration = authenticator.register(&creation_options(&passkeys));
        let passkey = passkeys.check_registration(&registration, ADA, now()).unwrap();
        for name in PARTS {
            let whole = part(&registration, name);
            for length in 0..whole.len() {
                let cut = with(&registration, name, &whole[..length]);
                assert!(passkeys.check_registration(&cut, ADA, now()).is_err(), "{name} of {length}");
            }
            let longer = with(&registration, name, &[whole, vec![0]].concat());
            assert!(passkeys.check_registration(&longer, ADA, now()).is_err(), "{name}");
        }
        let sign_in = answered(&passkeys, &authenticator);
        for name in SIGNED {
            let whole = part(&sign_in, name);
            for length in 0..whole.len() {
                let cut = with(&sign_in, name, &whole[..length]);
                assert!(verified(&passkeys, &cut, known(&passkey)).is_err(), "{name} of {length}");
            }
            let longer = with(&sign_in, name, &[whole, vec![0]].concat());
            assert!(verified(&passkeys, &longer, known(&passkey)).is_err(), "{name}");
        }
    }
}

#[test]
fn the_data_in_an_attestation_object_is_cut_off_nowhere() {
    let passkeys = passkeys();
    for key in Key::all() {
        let mut authenticator = Authenticator::new(key);
        let registration = authenticator.register(&creation_options(&passkeys));
        let whole = authenticator.attested_data();
        for length in 0..whole.len() {
            let object = authenticator::attestation_object("none", Vec::new(), whole[..length].to_vec());
            let cut = with(&registration, "attestationObject", &object);
            assert!(passkeys.check_registration(&cut, ADA, now()).is_err(), "{length}");
        }
    }
}

#[test]
fn each_bit_of_a_sign_in_counts() {
    let passkeys = passkeys();
    for key in Key::all() {
        let (authenticator, passkey) = registered(&passkeys, key);
        let answer = answered(&passkeys, &authenticator);
        for name in SIGNED {
            let whole = part(&answer, name);
            for place in 0..8 * whole.len() {
                let mut bytes = whole.clone();
                bytes[place / 8] ^= 1 << (place % 8);
                let altered = verified(&passkeys, &with(&answer, name, &bytes), known(&passkey));
                assert!(altered.is_err(), "{name}, bit {place}");
            }
        }
    }
}

#[test]
fn a_part_has_a_greatest_size() {
    let passkeys = passkeys();
    let mut authenticator = Authenticator::new(Key::es256());
    let registration = authenticator.register(&creation_options(&passkeys));
    let sign_in = answered(&passkeys, &authenticator);
    for (name, most) in [("clientDataJSON", 8 * 1024), ("attestationObject", 16 * 1024)] {
        let refused = passkeys.check_registration(&with(&registration, name, &vec![b' '; most + 1]), ADA, now());
        assert_eq!(refused, Err(Refusal::Malformed(name)));
    }
    for (name, most) in
        [("clientDataJSON", 8 * 1024), ("authenticatorData", 4 * 1024), ("signature", 1024), ("userHandle", 64)]
    {
        let refused = read(&passkeys, &with(&sign_in, name, &vec![b' '; most + 1])).err();
        assert_eq!(refused, Some(Refusal::Malformed(name)));
    }
    let mut padded = sign_in;
    padded["clientExtensionResults"] = json!({ "large": "x".repeat(100_000) });
    assert!(read(&passkeys, &padded).is_ok(), "what is not needed is not read");
}

#[test]
fn a_bomb_of_cbor_is_refused() {
    let passkeys = passkeys();
    let mut authenticator = Authenticator::new(Key::es256());
    let registration = authenticator.register(&creation_options(&passkeys));
    let nested = [vec![0x81; 10_000], vec![0]].concat();
    let long = [0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let many = [0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let pairs = [0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let unending = [0x9f; 5_000];
    for bomb in [nested.as_slice(), &long, &many, &pairs, &unending, &[0xff], &[]] {
        let object = with(&registration, "attestationObject", bomb);
        assert_eq!(passkeys.check_registration(&object, ADA, now()), Err(Refusal::Malformed("attestationObject")));
        authenticator.trailer = bomb.to_vec();
        authenticator.flags |= 0x80;
        let extensions = authenticator.register(&creation_options(&passkeys));
        assert!(passkeys.check_registration(&extensions, ADA, now()).is_err());
    }
}

#[test]
fn a_key_that_stands_twice_in_the_object_is_refused() {
    let passkeys = passkeys();
    let mut authenticator = Authenticator::new(Key::es256());
    let registration = authenticator.register(&creation_options(&passkeys));
    let data = authenticator.attested_data();
    let object = Cbor::Map(vec![
        ("fmt".into(), "none".into()),
        ("attStmt".into(), Cbor::Map(Vec::new())),
        ("authData".into(), Cbor::from(vec![0])),
        ("authData".into(), Cbor::from(data)),
    ]);
    let answer = with(&registration, "attestationObject", &authenticator::cbor(&object));
    assert_eq!(passkeys.check_registration(&answer, ADA, now()), Err(Refusal::Malformed("attestationObject")));
}

#[test]
fn json_of_another_form_is_refused() {
    let passkeys = passkeys();
    let (authenticator, _) = registered(&passkeys, Key::es256());
    let answer = answered(&passkeys, &authenticator);
    for (path, value) in [
        ("/type", json!("password")),
        ("/type", Value::Null),
        ("/id", json!("AQID")),
        ("/rawId", json!("AQID")),
        ("/response", json!([])),
        ("/response/signature", json!("not base64url!")),
        ("/response/signature", json!("AQI=")),
        ("/response/signature", json!([1, 2])),
        ("/response/clientDataJSON", Value::Null),
    ] {
        let mut other = answer.clone();
        *other.pointer_mut(path).unwrap() = value;
        assert!(read(&passkeys, &other).is_err(), "{path}");
    }
    let mut nameless = answer;
    (nameless["id"], nameless["rawId"]) = ("".into(), "".into());
    assert_eq!(read(&passkeys, &nameless).err(), Some(Refusal::Malformed("the credential")));
    for other in [Value::Null, json!([]), json!("x"), json!({})] {
        assert!(read(&passkeys, &other).is_err() && passkeys.check_registration(&other, ADA, now()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// An altered registration may make a passkey that nobody can use, but never one with another id or another key.
    #[test]
    fn an_altered_registration_is_refused_or_is_no_other(
        kind in 0..3_usize,
        flips in proptest::collection::vec((any::<usize>(), 1..=255_u8), 1..4),
    ) {
        let passkeys = passkeys();
        let mut authenticator = Authenticator::new(Key::all().into_iter().nth(kind).unwrap());
        authenticator.format = "packed";
        let registration = authenticator.register(&creation_options(&passkeys));
        let mut bytes = part(&registration, "attestationObject");
        for (place, bits) in flips {
            let place = place % bytes.len();
            bytes[place] ^= bits;
        }
        let whole = part(&registration, "attestationObject");
        let altered = passkeys.check_registration(&with(&registration, "attestationObject", &bytes), ADA, now());
        if altered.is_ok() {
            let genuine = passkeys.check_registration(&with(&registration, "attestationObject", &whole), ADA, now());
            prop_assert_eq!(altered, genuine);
        }
    }

    /// Whatever a stranger sends, nothing panics.
    #[test]
    fn noise_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300), place in 0..3_usize) {
        let passkeys = passkeys();
        let mut authenticator = Authenticator::new(Key::es256());
        let registration = authenticator.register(&creation_options(&passkeys));
        let sign_in = answered(&passkeys, &authenticator);
        let name = PARTS[place % 2];
        prop_assert!(passkeys.check_registration(&with(&registration, name, &bytes), ADA, now()).is_err());
        let refused = read(&passkeys, &with(&sign_in, SIGNED[place], &bytes));
        prop_assert!(refused.is_err() || place == 2);
        let object = authenticator::attestation_object("none", Vec::new(), bytes);
        prop_assert!(passkeys.check_registration(&with(&registration, PARTS[1], &object), ADA, now()).is_err());
    }
}
