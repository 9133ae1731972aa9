//! The test vectors of the specification. None of their challenges is ours, so they go through the steps one by one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::other_authenticator::Device;
use super::*;
use crate::passkeys::attestation::AttestationObject;
use crate::passkeys::authenticator_data::AuthenticatorData;
use crate::passkeys::client_data::ClientData;
use crate::passkeys::public_key::{Algorithm, PublicKey};
use crate::passkeys::sha256;

/// Name; SHA-256, in base64url, of what the specification prints of it: the client data and the authenticator data of the
/// registration, those of the authentication, and its signature; algorithm; whether the page and the flags of both are
/// accepted here.
const VECTORS: [(&str, &str, Algorithm, Accepted); 6] = [
    (
        "none.ES256",
        "ObVKVoeci521g4munkmrbaRBg3nLANlY7ciK-NiUJZw",
        Algorithm::Es256,
        [Ok(()), Err(Refusal::UserNotVerified), Err(Refusal::UserNotVerified)],
    ),
    (
        "packed-self.ES256",
        "96kVhj1zQ2jzdaWmCBWdFZNwlB2MV14KoGx4JsFpzs0",
        Algorithm::Es256,
        [Ok(()), Ok(()), Err(Refusal::UserNotVerified)],
    ),
    (
        "none.ES256.crossOrigin",
        "cRL2iy3xn3slY0dICv40TN6xAMf9YYngp_v9kbcXIbY",
        Algorithm::Es256,
        [Err(Refusal::CrossOrigin), Ok(()), Ok(())],
    ),
    (
        "none.ES256.topOrigin",
        "badS1xlhY5GxFnDBst8LPlMXL9u-Zm859Hg87bXfq9k",
        Algorithm::Es256,
        [Err(Refusal::CrossOrigin), Err(Refusal::UserNotVerified), Ok(())],
    ),
    (
        "packed.RS256",
        "1k29jyQRGLzhxdEXRtmTfU5TDKTGV6P9XofXeb2sgX4",
        Algorithm::Rs256,
        [Ok(()), Ok(()), Err(Refusal::UserNotVerified)],
    ),
    (
        "packed.EdDSA",
        "05ErO-bHycvcuDe_SScg98JiBU9hu2B-mTyLVZgfV3g",
        Algorithm::EdDsa,
        [Ok(()), Err(Refusal::UserNotVerified), Err(Refusal::UserNotVerified)],
    ),
];

type Accepted = [Result<(), Refusal>; 3];

#[test]
fn the_vectors_of_the_specification_verify() {
    let Some(mut device) = Device::start_or_explain() else { return };
    let passkeys = passkeys();
    for (name, published, algorithm, accepted) in VECTORS {
        let vector = device.vector(name);
        let part = |ceremony: &str, part: &str| {
            URL_SAFE_NO_PAD.decode(vector[ceremony][part].as_str().expect("base64url")).unwrap()
        };
        let [created, got] = ["registration", "authentication"].map(|ceremony| part(ceremony, "clientDataJSON"));
        let object = AttestationObject::read(&part("registration", "attestationObject")).unwrap();
        let (signed, signature) = (part("authentication", "authenticatorData"), part("authentication", "signature"));
        let all = [&created, &object.authenticator_data, &got, &signed, &signature].map(Vec::as_slice).concat();
        assert_eq!(URL_SAFE_NO_PAD.encode(sha256(&all)), published, "{name} is not what is published");

        let new = AuthenticatorData::read(&object.authenticator_data).unwrap();
        let known = AuthenticatorData::read(&signed).unwrap();
        let places = [&created, &got].map(|json| passkeys.check_origin(&ClientData::read(json).unwrap()));
        let flags = [&new, &known].map(|data| passkeys.check_authenticator_data(data));
        assert_eq!((places, flags), ([accepted[0]; 2], [accepted[1], accepted[2]]), "{name}");
        let credential = new.attested.expect("a credential");
        assert_eq!(vector["credentialId"], URL_SAFE_NO_PAD.encode(&credential.id));
        let key = PublicKey::read(&credential.cose).unwrap();
        assert_eq!(key.algorithm(), algorithm, "{name}");
        assert_eq!(object.verify(&key, &sha256(&created)), Ok(()), "{name}");

        let message = [signed.as_slice(), &sha256(&got)].concat();
        assert_eq!(key.verify(&message, &signature), Ok(()), "{name}");
        for place in 0..message.len() {
            let mut other = message.clone();
            other[place] ^= 1;
            assert_eq!(key.verify(&other, &signature), Err(Refusal::Signature), "{name}");
        }
    }
}
