//! Flows that no mail belongs to: whoever begins one goes on with its token alone.

use uuid::Uuid;
use zeroize::Zeroizing;

use super::token::{FLOW, hash_of};
use super::{FlowKeys, FlowToken, Kind};
use crate::clock::{Timestamp, new_id};
use crate::error::Error;
use crate::ids::AccountId;
use crate::mail::Locale;

/// A flow to be begun, without a mail.
pub(crate) struct FlowWithoutMail {
    pub(crate) id: Uuid,
    pub(crate) kind: Kind,
    pub(crate) account: AccountId,
    /// The address that the account has.
    pub(crate) email: String,
    pub(crate) locale: Locale,
    /// What it keeps until its end, sealed.
    pub(crate) data: Vec<u8>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(super) token_hash: Vec<u8>,
    /// What the client gets.
    pub(crate) token: FlowToken,
}

/// A flow of an account that is open.
pub(crate) struct OpenFlow {
    pub(crate) id: Uuid,
    /// What it kept, opened.
    pub(crate) data: Zeroizing<Vec<u8>>,
}

impl FlowKeys {
    /// A flow with a token of its own, which keeps `data`.
    ///
    /// # Errors
    /// [`Error::Internal`] without randomness.
    pub(crate) fn begin_without_mail(
        &self,
        kind: Kind,
        (account, email): (AccountId, String),
        locale: Locale,
        data: &[u8],
        now: Timestamp,
    ) -> Result<FlowWithoutMail, Error> {
        let (id, token) = (new_id(now), FlowToken::random(FLOW)?);
        Ok(FlowWithoutMail {
            id,
            kind,
            account,
            email,
            locale,
            data: self.seals.seal(id, data)?,
            created_at: now,
            expires_at: now + kind.life(),
            token_hash: token.hash(),
            token,
        })
    }
}

/// The hash by which the flow of a token is found. `None` if it can't be one of ours.
pub(crate) fn flow_hash(token: &str) -> Option<Vec<u8>> {
    hash_of(FLOW, token)
}
