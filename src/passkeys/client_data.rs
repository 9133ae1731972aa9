//! What the client says of itself (`CollectedClientData`, section 5.8.1).

use serde::Deserialize;

use super::{Ceremony, Passkeys, Refusal, UsedChallenge};
use crate::clock::Timestamp;

/// Read, and not yet verified.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: Option<bool>,
    #[serde(default)]
    top_origin: Option<String>,
}

impl ClientData {
    pub(super) fn read(json: &[u8]) -> Result<Self, Refusal> {
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        serde_json::from_slice(json).map_err(|_| Refusal::Malformed("clientDataJSON"))
    }
}

impl Passkeys {
    /// Verifies `clientDataJSON`: steps 5 to 11 of section 7.1, and those of the same words in section 7.2.
    pub(super) fn check_client_data(
        &self,
        json: &[u8],
        ceremony: Ceremony,
        now: Timestamp,
    ) -> Result<UsedChallenge, Refusal> {
        let data = ClientData::read(json)?;
        let kind = match ceremony {
            Ceremony::Registration(_) => "webauthn.create",
            Ceremony::SignIn | Ceremony::SecondFactor { .. } | Ceremony::Reauthentication(_) => "webauthn.get",
        };
        if data.kind != kind {
            return Err(Refusal::Type);
        }
        let challenge = self.challenges.check(&data.challenge, ceremony, now)?;
        self.check_origin(&data)?;
        Ok(challenge)
    }

    /// Verifies the page, and that around it.
    pub(super) fn check_origin(&self, data: &ClientData) -> Result<(), Refusal> {
        if !self.relying_party.allows(&data.origin) {
            return Err(Refusal::Origin);
        }
        // A page in which the frame stands could show people something else than what they agree to.
        let is_within_ours = match &data.top_origin {
            Some(top) => self.relying_party.allows(top),
            None => !data.cross_origin.unwrap_or(false),
        };
        if is_within_ours { Ok(()) } else { Err(Refusal::CrossOrigin) }
    }
}
