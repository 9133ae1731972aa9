//! Verifying a new passkey (section 7.1).

use serde_json::Value;
use uuid::Uuid;

use super::attestation::AttestationObject;
use super::authenticator_data::AuthenticatorData;
use super::public_key::PublicKey;
use super::response::RegistrationResponse;
use super::{Ceremony, Passkeys, Refusal, UsedChallenge, sha256};
use crate::clock::Timestamp;
use crate::ids::AccountId;

/// A passkey that was verified, to be stored (section 4, "credential record").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewPasskey {
    pub(crate) account: AccountId,
    /// At most 1023 bytes. No other passkey may have the same, whosever it is.
    pub(crate) credential_id: Vec<u8>,
    /// In COSE, as the authenticator wrote it.
    pub(crate) public_key: Vec<u8>,
    pub(crate) sign_count: u32,
    /// Whether it may be on several devices. This never changes.
    pub(crate) is_backup_eligible: bool,
    pub(crate) is_backed_up: bool,
    /// The kind of authenticator, as it says. `None` if it does not.
    pub(crate) aaguid: Option<Uuid>,
    /// By which ways the client reaches it.
    pub(crate) transports: Vec<String>,
    /// To be stored in the same transaction.
    pub(crate) challenge: UsedChallenge,
}

impl Passkeys {
    /// Verifies the answer (`RegistrationResponseJSON`) to [`start_registration`](Self::start_registration) for this account.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub(crate) fn check_registration(
        &self,
        answer: &Value,
        account: AccountId,
        now: Timestamp,
    ) -> Result<NewPasskey, Refusal> {
        let response = RegistrationResponse::read(answer)?;
        let challenge = self.check_client_data(&response.client_data, Ceremony::Registration(account), now)?;
        let object = AttestationObject::read(&response.attestation_object)?;
        let data = AuthenticatorData::read(&object.authenticator_data)?;
        self.check_authenticator_data(&data)?;
        let (is_backup_eligible, is_backed_up) = (data.is_backup_eligible(), data.is_backed_up());
        let credential = data.attested.ok_or(Refusal::Malformed("authenticatorData"))?;
        if credential.id != response.credential_id {
            return Err(Refusal::Malformed("the credential's id"));
        }
        let key = PublicKey::read(&credential.cose)?;
        object.verify(&key, &sha256(&response.client_data))?;
        Ok(NewPasskey {
            account,
            credential_id: credential.id,
            public_key: credential.public_key,
            sign_count: data.sign_count,
            is_backup_eligible,
            is_backed_up,
            aaguid: Some(credential.aaguid).filter(|aaguid| !aaguid.is_nil()),
            transports: response.transports,
            challenge,
        })
    }
}
