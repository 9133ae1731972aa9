use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;

const LIFE: Duration = Duration::from_secs(600);
const FLOW: Uuid = Uuid::from_u128(1);

const CEREMONIES: [Ceremony; 7] = [
    Ceremony::SignIn,
    Ceremony::SecondFactor { account: ADA, flow: FLOW },
    Ceremony::SecondFactor { account: ADA, flow: Uuid::from_u128(2) },
    Ceremony::SecondFactor { account: MALLORY, flow: FLOW },
    Ceremony::Reauthentication(ADA),
    Ceremony::Reauthentication(MALLORY),
    Ceremony::Registration(ADA),
];

#[test]
fn an_answer_counts_for_what_was_asked_alone() {
    let passkeys = passkeys();
    let (authenticator, _) = registered(&passkeys, Key::es256());
    for asked in CEREMONIES {
        let options = passkeys.start_assertion(asked, &[], now()).unwrap().options;
        let answer = authenticator.sign_in(&options);
        for accepted in CEREMONIES.into_iter().filter(|one| !matches!(one, Ceremony::Registration(_))) {
            let read = passkeys.read_assertion(&answer, accepted, now()).map(|_| ());
            let expected = if asked == accepted { Ok(()) } else { Err(Refusal::Challenge) };
            assert_eq!(read, expected, "{asked:?} {accepted:?}");
        }
    }
}

#[test]
fn an_answer_counts_until_its_challenge_is_over() {
    let passkeys = passkeys();
    let mut authenticator = Authenticator::new(Key::es256());
    let registration = authenticator.register(&creation_options(&passkeys));
    let sign_in = answered(&passkeys, &authenticator);
    for (time, refusal) in [
        (now() + LIFE - Duration::from_micros(1), None),
        (now() + LIFE, Some(Refusal::Expired)),
        (now() + 100 * LIFE, Some(Refusal::Expired)),
    ] {
        assert_eq!(passkeys.check_registration(&registration, ADA, time).err(), refusal, "{time}");
        assert_eq!(passkeys.read_assertion(&sign_in, Ceremony::SignIn, time).err(), refusal, "{time}");
    }
}

#[test]
fn the_previous_secret_is_known_and_no_other() {
    let with = |secret: u8, previous: Option<u8>| {
        let previous = previous.map(super::secret);
        Passkeys::new(&relying_party(), &super::secret(secret), previous.as_ref()).unwrap()
    };
    let (old, rotated, other) = (with(1, None), with(2, Some(1)), with(2, None));
    let (authenticator, passkey) = registered(&old, Key::es256());
    let answer = answered(&old, &authenticator);
    assert!(verified(&rotated, &answer, known(&passkey)).is_ok());
    assert_eq!(read(&other, &answer).err(), Some(Refusal::Challenge));
    let newer = answered(&rotated, &authenticator);
    assert_eq!(read(&old, &newer).err(), Some(Refusal::Challenge), "the previous secret makes none");
}

#[test]
fn no_two_challenges_are_alike() {
    let passkeys = passkeys();
    let issued = (0..100).map(|_| passkeys.start_sign_in(now()).unwrap().options["challenge"].to_string());
    assert_eq!(issued.collect::<std::collections::HashSet<_>>().len(), 100);
}

/// Its owner signs whatever challenge an attacker writes.
#[test]
fn a_challenge_that_was_altered_or_made_up_is_none() {
    let passkeys = passkeys();
    let (authenticator, _) = registered(&passkeys, Key::es256());
    let genuine = passkeys.start_sign_in(now()).unwrap().options["challenge"].as_str().unwrap().to_owned();
    let bytes = URL_SAFE_NO_PAD.decode(&genuine).unwrap();
    let mut made_up = vec![
        String::new(),
        "A".repeat(75),
        genuine[..74].to_owned(),
        format!("{genuine}A"),
        format!("{genuine}="),
        format!(" {genuine}"),
        "A".repeat(100_000),
        URL_SAFE_NO_PAD.encode(&bytes[..24]),
    ];
    for place in 0..8 * bytes.len() {
        let mut altered = bytes.clone();
        altered[place / 8] ^= 1 << (place % 8);
        made_up.push(URL_SAFE_NO_PAD.encode(altered));
    }
    for challenge in made_up {
        let answer = authenticator.sign_in(&json!({ "challenge": challenge }));
        assert!(matches!(read(&passkeys, &answer), Err(Refusal::Challenge | Refusal::Malformed(_))), "{challenge}");
    }
}
