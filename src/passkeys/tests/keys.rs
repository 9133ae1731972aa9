use coset::cbor::Value as Cbor;

use super::*;

/// What comes of a registration whose key is this one with a change.
fn altered(key: Key, change: impl FnOnce(&mut Vec<(i64, Cbor)>)) -> Option<Refusal> {
    let mut authenticator = Authenticator::new(key);
    let mut cose = authenticator.key.cose();
    change(&mut cose);
    authenticator.cose = Some(cose);
    register(&passkeys(), &mut authenticator).err()
}

fn set(cose: &mut Vec<(i64, Cbor)>, label: i64, value: impl Into<Cbor>) {
    cose.retain(|(known, _)| *known != label);
    cose.push((label, value.into()));
}

fn bytes(cose: &[(i64, Cbor)], label: i64) -> Vec<u8> {
    cose.iter().find(|(known, _)| *known == label).unwrap().1.as_bytes().unwrap().clone()
}

#[test]
fn an_algorithm_that_was_not_offered_is_refused() {
    for algorithm in [-35, -36, -37, -47, -9, -19, -50, -65535, 0, 7, i64::MIN] {
        for key in Key::all() {
            let refused = altered(key, |cose| set(cose, 3, algorithm));
            assert!(matches!(refused, Some(Refusal::Algorithm | Refusal::PublicKey)), "{algorithm}: {refused:?}");
        }
    }
    assert_eq!(altered(Key::es256(), |cose| cose.retain(|(label, _)| *label != 3)), Some(Refusal::Algorithm));
}

#[test]
fn a_key_of_another_kind_than_its_algorithm_is_none() {
    for algorithm in [-8, -7, -257] {
        for kind in [0, 1, 2, 3, 4, 7] {
            for key in Key::all() {
                let is_own = key.cose()[..2] == [(1, Cbor::from(kind)), (3, Cbor::from(algorithm))];
                let refused = altered(key, |cose| {
                    set(cose, 1, kind);
                    set(cose, 3, algorithm);
                });
                assert_eq!(refused.is_none(), is_own, "{algorithm} {kind}");
            }
        }
    }
}

#[test]
fn each_part_is_there_once_and_nothing_else() {
    for key in 0..3 {
        let key = || Key::all().into_iter().nth(key).unwrap();
        for label in key().cose().iter().map(|(label, _)| *label) {
            assert!(altered(key(), |cose| cose.retain(|(known, _)| *known != label)).is_some(), "without {label}");
            assert!(altered(key(), |cose| set(cose, label, Cbor::Null)).is_some(), "{label} is null");
            let twice =
                altered(key(), |cose| cose.push(cose.iter().find(|(known, _)| *known == label).unwrap().clone()));
            assert!(twice.is_some(), "{label} twice");
        }
        for (label, value) in [
            (2, Cbor::from(b"id".to_vec())),
            (4, Cbor::Array(vec![2.into()])),
            (5, Cbor::from(vec![7])),
            (-9, 1.into()),
            (99, Cbor::Null),
        ] {
            assert!(altered(key(), |cose| cose.push((label, value))).is_some(), "with {label}");
        }
    }
}

#[test]
fn a_point_is_on_its_curve() {
    let flipped = |label| {
        altered(Key::es256(), |cose| {
            let mut coordinate = bytes(cose, label);
            coordinate[31] ^= 1;
            set(cose, label, coordinate);
        })
    };
    assert_eq!((flipped(-2), flipped(-3)), (Some(Refusal::PublicKey), Some(Refusal::PublicKey)));
    for (label, value) in [
        (-1, Cbor::from(2)),
        (-1, 6.into()),
        (-3, true.into()),
        (-2, Cbor::from(vec![0; 32])),
        (-2, Cbor::from(vec![0xff; 32])),
        (-2, Cbor::from(vec![7; 31])),
        (-2, Cbor::from(vec![7; 33])),
        (-2, Cbor::Bytes(Vec::new())),
    ] {
        assert_eq!(altered(Key::es256(), |cose| set(cose, label, value)), Some(Refusal::PublicKey), "{label}");
    }
    let [ed25519, ..] = Key::all();
    assert_eq!(altered(ed25519, |cose| set(cose, -1, 7)), Some(Refusal::PublicKey), "Ed448");
    let [ed25519, ..] = Key::all();
    assert_eq!(altered(ed25519, |cose| set(cose, -2, vec![7; 33])), Some(Refusal::PublicKey));
}

#[test]
fn a_point_is_written_in_one_way() {
    let refused = altered(Key::es256(), |cose| {
        let point = [bytes(cose, -2), bytes(cose, -3)].concat();
        set(cose, -2, point[..31].to_vec());
        set(cose, -3, point[31..].to_vec());
    });
    assert_eq!(refused, Some(Refusal::PublicKey));
}

#[test]
fn a_modulus_has_2048_to_4096_bits() {
    let with = |n: Vec<u8>| altered(Key::Rs256, |cose| set(cose, -1, n));
    let odd = |length: usize| [vec![0xff; length - 1], vec![0xfd]].concat();
    assert_eq!((with(odd(256)), with(odd(512))), (None, None));
    for refused in
        [odd(128), odd(255), odd(513), odd(1024), vec![0xfe; 256], [vec![0], odd(256)].concat(), vec![0; 256]]
    {
        assert_eq!(with(refused.clone()), Some(Refusal::PublicKey), "{} bytes", refused.len());
    }
    for exponent in [vec![], vec![1], vec![3], vec![0, 1, 0, 1], vec![1, 0, 2], vec![0xff; 32]] {
        assert_eq!(altered(Key::Rs256, |cose| set(cose, -2, exponent)), Some(Refusal::PublicKey));
    }
}
