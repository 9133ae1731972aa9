use coset::cbor::Value as Cbor;
use serde_json::json;

use super::authenticator::{Authenticator, BACKED_UP, BACKUP_ELIGIBLE, Key, VERIFIED};
use super::*;
use crate::passkeys::{Credential, sha256};

#[test]
fn a_client_is_asked_in_the_words_of_level_3() {
    let transports = ["internal".to_owned()];
    let existing = [Credential { id: &[1, 2, 3], transports: &transports }];
    let owner = Owner { account: ADA, name: "ada@example.org", display_name: "Ada" };
    let mut started = passkeys().start_registration(owner, &existing, now()).unwrap();
    assert_eq!(started.options["challenge"].take().as_str().unwrap().len(), 75, "56 bytes in base64url");
    assert_eq!(started.expires_at, now() + Duration::from_secs(600));
    assert_eq!(
        started.options,
        json!({
            "rp": { "id": "example.org", "name": "example.org" },
            "user": { "id": "AAAAAAAAAAAAAAAAAAAK2g", "name": "ada@example.org", "displayName": "Ada" },
            "challenge": null,
            "pubKeyCredParams": [
                { "type": "public-key", "alg": -8 },
                { "type": "public-key", "alg": -7 },
                { "type": "public-key", "alg": -257 },
            ],
            "timeout": 600_000,
            "excludeCredentials": [{ "type": "public-key", "id": "AQID", "transports": ["internal"] }],
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": true,
                "userVerification": "required",
            },
            "attestation": "none",
        })
    );
}

#[test]
fn what_is_stored_is_what_the_authenticator_says() {
    let passkeys = passkeys();
    for key in Key::all() {
        let mut authenticator = Authenticator::new(key);
        authenticator.flags = VERIFIED | BACKUP_ELIGIBLE | BACKED_UP;
        (authenticator.count, authenticator.aaguid) = (7, [0xaa; 16]);
        let options = creation_options(&passkeys);
        let answer = authenticator.register(&options);
        let passkey = passkeys.check_registration(&answer, ADA, now()).unwrap();
        assert_eq!((passkey.account, &passkey.credential_id, passkey.sign_count), (ADA, &authenticator.id, 7));
        assert!(passkey.is_backup_eligible && passkey.is_backed_up);
        assert_eq!(passkey.aaguid, Some(Uuid::from_bytes([0xaa; 16])));
        assert_eq!(passkey.transports, ["hybrid", "internal"]);
        assert_eq!(passkey.challenge.expires_at, now() + Duration::from_secs(600));
        let again = passkeys.check_registration(&answer, ADA, now()).unwrap();
        assert_eq!(again.challenge, passkey.challenge, "a replay is known by its challenge");
    }
}

#[test]
fn an_authenticator_that_does_not_say_what_it_is_has_no_aaguid() {
    assert_eq!(registered(&passkeys(), Key::es256()).1.aaguid, None);
}

#[test]
fn the_credentials_own_attestation_is_verified_and_no_other_taken() {
    let passkeys = passkeys();
    for key in Key::all() {
        let mut authenticator = Authenticator::new(key);
        authenticator.format = "packed";
        assert!(register(&passkeys, &mut authenticator).is_ok());
    }
    let mut other = Authenticator::new(Key::es256());
    for format in ["fido-u2f", "tpm", "android-key", "apple", "", "None"] {
        other.format = format;
        assert_eq!(register(&passkeys, &mut other), Err(Refusal::Attestation), "{format}");
    }
    // The statement is of another key than the credential's.
    let mut forged = Authenticator::new(Key::es256());
    (forged.format, forged.cose) = ("packed", Some(Key::es256().cose()));
    assert_eq!(register(&passkeys, &mut forged), Err(Refusal::Attestation));
}

#[test]
fn flags_are_held() {
    let passkeys = passkeys();
    let refused = |flags| {
        let mut authenticator = Authenticator::new(Key::es256());
        authenticator.flags = flags;
        register(&passkeys, &mut authenticator).err()
    };
    assert_eq!(refused(VERIFIED), None);
    assert_eq!(refused(VERIFIED | 0x22), None, "what is reserved says nothing");
    assert_eq!(refused(0x04), Some(Refusal::UserNotPresent));
    assert_eq!(refused(0x01), Some(Refusal::UserNotVerified));
    assert_eq!(refused(VERIFIED | BACKED_UP), Some(Refusal::BackupFlags));
    assert_eq!(refused(VERIFIED | 0x80), Some(Refusal::Malformed("authenticatorData")), "it has no extensions");
}

#[test]
fn extensions_are_passed_over_and_nothing_may_follow() {
    let passkeys = passkeys();
    let with = |flags, trailer: Cbor| {
        let mut authenticator = Authenticator::new(Key::es256());
        (authenticator.flags, authenticator.trailer) = (flags, authenticator::cbor(&trailer));
        register(&passkeys, &mut authenticator).err()
    };
    let extensions = Cbor::Map(vec![("credProtect".into(), 2.into()), ("x".into(), Cbor::Null)]);
    let malformed = Some(Refusal::Malformed("authenticatorData"));
    assert_eq!(with(VERIFIED | 0x80, extensions.clone()), None);
    assert_eq!(with(VERIFIED, extensions), malformed);
    assert_eq!(with(VERIFIED | 0x80, 7.into()), malformed, "extensions are a map");
}

#[test]
fn an_id_has_1_to_1023_bytes_and_is_the_same_everywhere() {
    let passkeys = passkeys();
    let with = |length| {
        let mut authenticator = Authenticator::new(Key::es256());
        authenticator.id = vec![7; length];
        register(&passkeys, &mut authenticator).map(|passkey| passkey.credential_id.len()).ok()
    };
    assert_eq!((with(1), with(1023)), (Some(1), Some(1023)));
    assert_eq!((with(0), with(1024), with(5000)), (None, None, None));
    let mut answer = Authenticator::new(Key::es256()).register(&creation_options(&passkeys));
    (answer["id"], answer["rawId"]) = ("AQID".into(), "AQID".into());
    let refused = passkeys.check_registration(&answer, ADA, now());
    assert_eq!(refused, Err(Refusal::Malformed("the credential's id")));
}

#[test]
fn the_answer_for_one_account_makes_no_passkey_of_another() {
    let passkeys = passkeys();
    let answer = Authenticator::new(Key::es256()).register(&creation_options(&passkeys));
    assert_eq!(passkeys.check_registration(&answer, MALLORY, now()), Err(Refusal::Challenge));
}

#[test]
fn the_data_of_a_sign_in_registers_nothing() {
    let passkeys = passkeys();
    let options = creation_options(&passkeys);
    let mut authenticator = Authenticator::new(Key::es256());
    let mut answer = authenticator.register(&options);
    let whole = authenticator.attested_data();
    let mut data = whole[..37].to_vec();
    data[32] &= !0x40;
    let object = authenticator::attestation_object("none", Vec::new(), data);
    answer["response"]["attestationObject"] = broken::encoded(&object).into();
    let refused = passkeys.check_registration(&answer, ADA, now());
    assert_eq!(refused, Err(Refusal::Malformed("authenticatorData")));
}

#[test]
fn a_statement_of_none_is_empty() {
    let passkeys = passkeys();
    let mut authenticator = Authenticator::new(Key::es256());
    let mut answer = authenticator.register(&creation_options(&passkeys));
    let statement = vec![("sig".into(), Cbor::from(vec![7]))];
    let object = authenticator::attestation_object("none", statement, authenticator.attested_data());
    answer["response"]["attestationObject"] = broken::encoded(&object).into();
    assert_eq!(passkeys.check_registration(&answer, ADA, now()), Err(Refusal::Attestation));
}

#[test]
fn a_statement_of_the_credential_has_its_algorithm_and_its_signature_alone() {
    let passkeys = passkeys();
    for (more, algorithm, expected) in [
        (None, -7, None),
        (None, -8, Some(Refusal::Attestation)),
        (Some(("x5c".into(), Cbor::Array(Vec::new()))), -7, Some(Refusal::Attestation)),
    ] {
        let mut authenticator = Authenticator::new(Key::es256());
        let mut answer = authenticator.register(&creation_options(&passkeys));
        let client_data = broken::part(&answer, "clientDataJSON");
        let data = authenticator.attested_data();
        let signature = authenticator.key.sign(&[data.as_slice(), &sha256(&client_data)].concat());
        let mut statement = vec![("alg".into(), algorithm.into()), ("sig".into(), Cbor::from(signature))];
        statement.extend(more);
        let object = authenticator::attestation_object("packed", statement, data);
        answer["response"]["attestationObject"] = broken::encoded(&object).into();
        assert_eq!(passkeys.check_registration(&answer, ADA, now()).err(), expected, "{algorithm}");
    }
}

#[test]
fn transports_that_can_be_none_are_left_out() {
    let passkeys = passkeys();
    let mut answer = Authenticator::new(Key::es256()).register(&creation_options(&passkeys));
    let mut stored = |told: Value| {
        answer["response"]["transports"] = told;
        passkeys.check_registration(&answer, ADA, now()).map(|passkey| passkey.transports)
    };
    let told = json!(["usb", "", "smart-card", "USB", "usb", "a b", "<script>", "x".repeat(33), "later"]);
    assert_eq!(stored(told).unwrap(), ["later", "smart-card", "usb"]);
    assert_eq!(stored(Value::Null).unwrap(), [""; 0]);
    let many: Vec<_> = (b'a'..=b'z').map(|letter| char::from(letter).to_string()).collect();
    assert_eq!(stored(json!(many)).unwrap().len(), 8);
    assert!(stored(json!("usb")).is_err());
}
