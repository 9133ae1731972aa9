//! An enrolment that waits for the first code of the app.

use zeroize::Zeroizing;

use super::TotpSecret;
use super::secret::BYTES;

/// What the flow of an enrolment keeps.
pub(crate) struct PendingTotp {
    pub(crate) secret: TotpSecret,
    /// The generation of the account's sessions when it began. Whatever ends all sessions ends it.
    pub(crate) generation: i64,
}

impl PendingTotp {
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([self.secret.expose(), &self.generation.to_be_bytes()].concat())
    }

    /// `None` if they are not what [`to_bytes`](Self::to_bytes) makes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (secret, generation) = bytes.split_at_checked(BYTES)?;
        let generation = i64::from_be_bytes(generation.try_into().ok()?);
        Some(Self { secret: TotpSecret::from_bytes(secret)?, generation })
    }
}
