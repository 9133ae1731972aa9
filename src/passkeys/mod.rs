//! Passkeys (WebAuthn Level 3): what a client needs to make or use one, and what is verified of its answer.
//!
//! Nothing is stored while a client is asked. A challenge carries its expiry and is authenticated, so the answer alone shows
//! that it was ours. Whoever accepts an answer stores that its challenge is used.

mod assertion;
mod attestation;
mod authenticator_data;
mod cbor;
mod challenge;
mod client_data;
mod name;
mod options;
mod public_key;
mod refusal;
mod registration;
mod response;
pub(crate) mod store;
mod stored;
#[cfg(test)]
mod tests;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

use crate::config::{RelyingParty, Secret};
use crate::error::Error;

#[cfg(test)]
use assertion::Verified;
pub(crate) use assertion::{Assertion, Known};
pub(crate) use challenge::{Ceremony, Started, UsedChallenge};
pub(crate) use name::{BadPasskeyName, PasskeyName};
pub(crate) use options::{Credential, Owner};
pub(crate) use refusal::Refusal;
pub(crate) use registration::NewPasskey;
pub(crate) use stored::{MOST, Passkey};

use challenge::Challenges;
use response::AuthenticationResponse;

/// The passkeys of one relying party.
#[derive(Debug)]
pub(crate) struct Passkeys {
    relying_party: RelyingParty,
    /// What authenticators sign of the RP ID.
    rp_id_hash: [u8; 32],
    challenges: Challenges,
}

impl Passkeys {
    /// Those of this relying party, with challenges under this secret. Challenges of the previous one are accepted.
    ///
    /// # Errors
    /// [`Error::Internal`], in practice never.
    pub(crate) fn new(party: &RelyingParty, secret: &Secret, previous: Option<&Secret>) -> Result<Self, Error> {
        let challenges = Challenges::new(secret, previous)?;
        Ok(Self { rp_id_hash: sha256(party.id.as_bytes()), relying_party: party.clone(), challenges })
    }
}

impl Passkeys {
    /// The id of the credential that an answer is of, before anything is verified. `None` if it is not of the form of an answer.
    pub(crate) fn credential_id(answer: &Value) -> Option<Vec<u8>> {
        AuthenticationResponse::read(answer).ok().map(|response| response.credential_id)
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
