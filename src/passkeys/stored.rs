//! Passkeys that accounts have.

use uuid::Uuid;

use super::{Credential, NewPasskey, PasskeyName};
use crate::clock::Timestamp;
use crate::ids::{AccountId, PasskeyId};

/// How many passkeys an account may have.
pub(crate) const MOST: usize = 20;

/// A passkey of an account, without what verifies its answers.
#[derive(Clone, Debug)]
pub(crate) struct Passkey {
    pub(crate) id: PasskeyId,
    pub(crate) account: AccountId,
    /// By which the authenticator and the client know it.
    pub(crate) credential_id: Vec<u8>,
    /// By which ways the client reaches the authenticator.
    pub(crate) transports: Vec<String>,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
    pub(crate) is_backed_up: bool,
    pub(crate) aaguid: Option<Uuid>,
}

impl Passkey {
    /// One that has just been added.
    pub(crate) fn new(id: PasskeyId, new: &NewPasskey, name: &PasskeyName, at: Timestamp) -> Self {
        Self {
            id,
            account: new.account,
            credential_id: new.credential_id.clone(),
            transports: new.transports.clone(),
            name: name.as_str().to_owned(),
            created_at: at,
            last_used_at: None,
            is_backed_up: new.is_backed_up,
            aaguid: new.aaguid,
        }
    }

    /// As clients are asked for it.
    pub(crate) fn credential(&self) -> Credential<'_> {
        Credential { id: &self.credential_id, transports: &self.transports }
    }
}
