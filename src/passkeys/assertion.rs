//! Verifying that somebody has a passkey (section 7.2), in two steps: what the answer says by itself, and whether the key
//! that is stored for it signed it.

use serde_json::Value;
use uuid::Uuid;

use super::authenticator_data::AuthenticatorData;
use super::public_key::PublicKey;
use super::response::AuthenticationResponse;
use super::{Ceremony, Passkeys, Refusal, UsedChallenge, sha256};
use crate::clock::Timestamp;
use crate::ids::AccountId;

/// An answer in which everything is right but the signature, which nobody has verified yet.
#[must_use]
pub(crate) struct Assertion {
    credential_id: Vec<u8>,
    /// Whose passkey the ceremony asks for.
    expected: Option<AccountId>,
    user_handle: Option<AccountId>,
    challenge: UsedChallenge,
    data: AuthenticatorData,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

/// What is stored of the passkey with the answer's id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    pub(crate) account: AccountId,
    pub(crate) public_key: &'a [u8],
    pub(crate) is_backup_eligible: bool,
}

/// The owner of the account has shown that they have the passkey, and the authenticator has verified them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) account: AccountId,
    /// To be compared with the stored one, in the statement that stores the challenge and moves the count. An answer that was used
    /// before has an old count, and is no copy of the passkey.
    pub(crate) sign_count: u32,
    /// To be stored.
    pub(crate) is_backed_up: bool,
    /// To be stored in the same transaction. If it is there already, the answer was used before.
    pub(crate) challenge: UsedChallenge,
}

impl Passkeys {
    /// Reads an answer (`AuthenticationResponseJSON`) and verifies what can be without knowing the passkey.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub(crate) fn read_assertion(
        &self,
        answer: &Value,
        ceremony: Ceremony,
        now: Timestamp,
    ) -> Result<Assertion, Refusal> {
        let response = AuthenticationResponse::read(answer)?;
        let challenge = self.check_client_data(&response.client_data, ceremony, now)?;
        let data = AuthenticatorData::read(&response.authenticator_data)?;
        if data.attested.is_some() {
            return Err(Refusal::Malformed("authenticatorData"));
        }
        self.check_authenticator_data(&data)?;
        let account = |handle: Vec<u8>| Uuid::from_slice(&handle).map(AccountId).map_err(|_| Refusal::UserHandle);
        let user_handle = response.user_handle.map(account).transpose()?;
        // Who signs in is known by this alone.
        if user_handle.is_none() && ceremony == Ceremony::SignIn {
            return Err(Refusal::UserHandle);
        }
        let signed = [response.authenticator_data.as_slice(), &sha256(&response.client_data)].concat();
        let (credential_id, signature) = (response.credential_id, response.signature);
        Ok(Assertion { credential_id, expected: ceremony.account(), user_handle, challenge, data, signed, signature })
    }
}

impl Assertion {
    /// By which the passkey is found.
    pub(crate) fn credential_id(&self) -> &Vec<u8> {
        &self.credential_id
    }

    /// Whose passkey it is, as the authenticator says.
    pub(crate) fn user_handle(&self) -> Option<AccountId> {
        self.user_handle
    }

    /// Verifies that the passkey with this id signed the answer, and is that of the account that the answer and the ceremony
    /// are for.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub(crate) fn verify(self, known: Known<'_>) -> Result<Verified, Refusal> {
        if [self.user_handle, self.expected].into_iter().flatten().any(|account| account != known.account) {
            return Err(Refusal::UserHandle);
        }
        PublicKey::stored(known.public_key)?.verify(&self.signed, &self.signature)?;
        if self.data.is_backup_eligible() != known.is_backup_eligible {
            return Err(Refusal::BackupEligibility);
        }
        Ok(Verified {
            account: known.account,
            sign_count: self.data.sign_count,
            is_backed_up: self.data.is_backed_up(),
            challenge: self.challenge,
        })
    }
}
