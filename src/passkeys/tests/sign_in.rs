use serde_json::json;

use super::authenticator::{BACKED_UP, BACKUP_ELIGIBLE, VERIFIED};
use super::*;
use crate::passkeys::Credential;

#[test]
fn a_client_is_asked_for_any_passkey_or_for_some() {
    let passkeys = passkeys();
    let mut started = passkeys.start_sign_in(now()).unwrap();
    assert_ne!(started.options["challenge"].take(), Value::Null);
    let any = json!({
        "challenge": null,
        "timeout": 600_000,
        "rpId": "example.org",
        "allowCredentials": [],
        "userVerification": "required",
    });
    assert_eq!((started.options, started.expires_at), (any, now() + Duration::from_secs(600)));
    let allowed = [Credential { id: &[1, 2, 3], transports: &[] }];
    let some = passkeys.start_assertion(Ceremony::Reauthentication(ADA), &allowed, now()).unwrap();
    assert_eq!(some.options["allowCredentials"], json!([{ "type": "public-key", "id": "AQID", "transports": [] }]));
}

#[test]
fn each_kind_of_key_signs_in() {
    let passkeys = passkeys();
    for key in Key::all() {
        let (mut authenticator, passkey) = registered(&passkeys, key);
        authenticator.flags |= BACKED_UP;
        let answer = answered(&passkeys, &authenticator);
        let assertion = read(&passkeys, &answer).unwrap();
        assert_eq!(*assertion.credential_id(), passkey.credential_id);
        let verified = assertion.verify(known(&passkey)).unwrap();
        assert_eq!((verified.account, verified.sign_count), (ADA, 0));
        assert!(verified.is_backed_up);
        let again = super::verified(&passkeys, &answer, known(&passkey)).unwrap();
        assert_eq!(again.challenge, verified.challenge, "a replay is known by its challenge");
    }
}

#[test]
fn the_key_of_another_credential_does_not_verify() {
    let passkeys = passkeys();
    for key in Key::all() {
        let (authenticator, _) = registered(&passkeys, key);
        let (_, other) = registered(&passkeys, Key::es256());
        let refused = sign_in(&passkeys, &authenticator, &other);
        assert_eq!(refused, Err(Refusal::Signature));
    }
}

#[test]
fn whose_it_is_stands_in_the_answer_and_in_the_table() {
    let passkeys = passkeys();
    let (mut authenticator, passkey) = registered(&passkeys, Key::es256());
    authenticator.user_handle = Some(MALLORY.0.as_bytes().to_vec());
    assert_eq!(sign_in(&passkeys, &authenticator, &passkey), Err(Refusal::UserHandle));
    authenticator.user_handle = Some(b"ada".to_vec());
    assert_eq!(sign_in(&passkeys, &authenticator, &passkey), Err(Refusal::UserHandle));
    authenticator.user_handle = None;
    assert_eq!(sign_in(&passkeys, &authenticator, &passkey), Err(Refusal::UserHandle));
}

#[test]
fn a_known_account_needs_no_user_handle_and_takes_no_other_accounts_passkey() {
    let passkeys = passkeys();
    let (mut authenticator, passkey) = registered(&passkeys, Key::es256());
    let flow = Uuid::from_u128(1);
    for handle in [authenticator.user_handle.clone(), None] {
        authenticator.user_handle = handle;
        for (own, others) in [
            (Ceremony::Reauthentication(ADA), Ceremony::Reauthentication(MALLORY)),
            (Ceremony::SecondFactor { account: ADA, flow }, Ceremony::SecondFactor { account: MALLORY, flow }),
        ] {
            let asked = |ceremony| {
                let answer = authenticator.sign_in(&passkeys.start_assertion(ceremony, &[], now()).unwrap().options);
                passkeys.read_assertion(&answer, ceremony, now()).unwrap().verify(known(&passkey))
            };
            assert_eq!(asked(own).unwrap().account, ADA);
            assert_eq!(asked(others), Err(Refusal::UserHandle));
        }
    }
}

#[test]
fn flags_are_held() {
    let passkeys = passkeys();
    let (mut authenticator, passkey) = registered(&passkeys, Key::es256());
    let eligible = VERIFIED | BACKUP_ELIGIBLE;
    for (flags, refusal) in [
        (eligible, None),
        (eligible | BACKED_UP, None),
        (eligible & !0x01, Some(Refusal::UserNotPresent)),
        (eligible & !0x04, Some(Refusal::UserNotVerified)),
        (VERIFIED | BACKED_UP, Some(Refusal::BackupFlags)),
        (VERIFIED, Some(Refusal::BackupEligibility)),
        (eligible | 0x40, Some(Refusal::Malformed("authenticatorData"))),
        (eligible | 0x80, Some(Refusal::Malformed("authenticatorData"))),
    ] {
        authenticator.flags = flags;
        assert_eq!(sign_in(&passkeys, &authenticator, &passkey).err(), refusal, "{flags:#x}");
    }
}

#[test]
fn the_count_is_handed_on_as_the_authenticator_tells_it() {
    let passkeys = passkeys();
    let (mut authenticator, passkey) = registered(&passkeys, Key::es256());
    for count in [0, 1, 7, u32::MAX] {
        authenticator.count = count;
        assert_eq!(sign_in(&passkeys, &authenticator, &passkey).unwrap().sign_count, count);
    }
}

#[test]
fn the_data_of_a_registration_signs_nobody_in() {
    let passkeys = passkeys();
    let (mut authenticator, passkey) = registered(&passkeys, Key::es256());
    let attested = authenticator.attested_data();
    authenticator.trailer = attested[37..].to_vec();
    authenticator.flags |= 0x40;
    let refused = sign_in(&passkeys, &authenticator, &passkey);
    assert_eq!(refused, Err(Refusal::Malformed("authenticatorData")));
}
