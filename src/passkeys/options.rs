//! What a client is asked, as the JSON of section 5.1.8 and 5.1.9.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::challenge::LIFE;
use super::public_key::Algorithm;
use super::{Ceremony, Passkeys, Started};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::AccountId;

/// Whose passkey is to be made, as the authenticator shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner<'a> {
    pub(crate) account: AccountId,
    pub(crate) name: &'a str,
    pub(crate) display_name: &'a str,
}

/// A passkey that the account has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Credential<'a> {
    pub(crate) id: &'a [u8],
    pub(crate) transports: &'a [String],
}

impl Passkeys {
    /// Asks for a new passkey, on an authenticator that has none of `existing`.
    ///
    /// # Errors
    /// [`Error::Internal`] without randomness.
    pub(crate) fn start_registration(
        &self,
        owner: Owner<'_>,
        existing: &[Credential<'_>],
        now: Timestamp,
    ) -> Result<Started, Error> {
        let challenge = self.challenges.issue(Ceremony::Registration(owner.account), now)?;
        let algorithm = |algorithm: &Algorithm| json!({ "type": "public-key", "alg": algorithm.number() });
        let options = json!({
            "rp": { "id": self.relying_party.id, "name": self.relying_party.id },
            "user": {
                "id": URL_SAFE_NO_PAD.encode(owner.account.0),
                "name": owner.name,
                "displayName": owner.display_name,
            },
            "challenge": challenge.text,
            "pubKeyCredParams": Algorithm::ALL.iter().map(algorithm).collect::<Vec<_>>(),
            "timeout": timeout(),
            "excludeCredentials": existing.iter().map(Credential::descriptor).collect::<Vec<_>>(),
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": true,
                "userVerification": "required",
            },
            "attestation": "none",
        });
        Ok(Started { options, expires_at: challenge.expires_at })
    }

    /// Asks for any passkey. The client need not know whose. The same options serve a button and autofill (conditional
    /// mediation).
    ///
    /// # Errors
    /// [`Error::Internal`] without randomness.
    pub(crate) fn start_sign_in(&self, now: Timestamp) -> Result<Started, Error> {
        self.start_assertion(Ceremony::SignIn, &[], now)
    }

    /// Asks for one of these passkeys, or for any if there are none.
    ///
    /// # Errors
    /// [`Error::Internal`] without randomness.
    pub(crate) fn start_assertion(
        &self,
        ceremony: Ceremony,
        allowed: &[Credential<'_>],
        now: Timestamp,
    ) -> Result<Started, Error> {
        let challenge = self.challenges.issue(ceremony, now)?;
        let options = json!({
            "challenge": challenge.text,
            "timeout": timeout(),
            "rpId": self.relying_party.id,
            "allowCredentials": allowed.iter().map(Credential::descriptor).collect::<Vec<_>>(),
            "userVerification": "required",
        });
        Ok(Started { options, expires_at: challenge.expires_at })
    }
}

impl Credential<'_> {
    fn descriptor(&self) -> Value {
        json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(self.id), "transports": self.transports })
    }
}

/// In milliseconds.
fn timeout() -> u64 {
    LIFE.as_secs() * 1000
}
