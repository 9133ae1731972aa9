//! Challenges that nobody stores: each has its expiry and a nonce in it, and is authenticated.

use std::time::Duration;

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use serde_json::Value;
use uuid::Uuid;

use super::Refusal;
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::error::Error;
use crate::ids::AccountId;
use crate::sealing::{Macs, Purpose};

/// How long an answer is accepted, within what the specification recommends (section 15.1).
pub(super) const LIFE: Duration = Duration::from_secs(10 * 60);

const EXPIRY_BYTES: usize = 8;
const NONCE_BYTES: usize = 16;
const MAC_BYTES: usize = 32;

/// What a challenge is for. An answer is accepted for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ceremony {
    /// A new passkey of this account.
    Registration(AccountId),
    /// Signing in, by whoever has a passkey.
    SignIn,
    /// The second factor of this account's sign-in, which waits in a flow.
    SecondFactor { account: AccountId, flow: Uuid },
    /// The owner of this account shows again who they are.
    Reauthentication(AccountId),
}

/// What the client is asked, and until when its answer is accepted.
#[derive(Debug)]
pub(crate) struct Started {
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`.
    pub(crate) options: Value,
    pub(crate) expires_at: Timestamp,
}

/// A challenge that was answered. It has to be stored until its expiry, so that it is answered once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UsedChallenge {
    pub(crate) nonce: Uuid,
    pub(crate) expires_at: Timestamp,
}

/// Makes and verifies challenges.
#[derive(Debug)]
pub(super) struct Challenges(Macs);

/// A challenge as the client gets it.
pub(super) struct Challenge {
    /// In base64url.
    pub(super) text: String,
    pub(super) expires_at: Timestamp,
}

impl Ceremony {
    /// Whose passkey it has to be.
    pub(super) fn account(self) -> Option<AccountId> {
        match self {
            Self::SignIn => None,
            Self::Registration(account) | Self::Reauthentication(account) | Self::SecondFactor { account, .. } => {
                Some(account)
            }
        }
    }

    /// What is authenticated. All of these have the same length, so no two are alike.
    fn bound_to(self, carried: &[u8]) -> Vec<u8> {
        let (kind, flow) = match self {
            Self::Registration(_) => (1, Uuid::nil()),
            Self::SignIn => (2, Uuid::nil()),
            Self::SecondFactor { flow, .. } => (3, flow),
            Self::Reauthentication(_) => (4, Uuid::nil()),
        };
        let account = self.account().map_or(Uuid::nil(), |account| account.0);
        [&[kind], account.as_bytes().as_slice(), flow.as_bytes(), carried].concat()
    }
}

impl Challenges {
    pub(super) fn new(secret: &Secret, previous: Option<&Secret>) -> Result<Self, Error> {
        Macs::new(secret, previous, Purpose::Challenges).map(Self)
    }

    /// A new challenge.
    ///
    /// # Errors
    /// [`Error::Internal`] without randomness.
    pub(super) fn issue(&self, ceremony: Ceremony, now: Timestamp) -> Result<Challenge, Error> {
        let expires_at = now + LIFE;
        let mut nonce = [0; NONCE_BYTES];
        rand::fill(&mut nonce).map_err(|_| Error::internal("no randomness"))?;
        let carried = [expires_at.timestamp_micros().to_be_bytes().as_slice(), &nonce].concat();
        let mac = self.0.mac(&ceremony.bound_to(&carried));
        Ok(Challenge { text: URL_SAFE_NO_PAD.encode([carried, mac].concat()), expires_at })
    }

    /// Verifies the challenge of an answer.
    pub(super) fn check(&self, text: &str, ceremony: Ceremony, now: Timestamp) -> Result<UsedChallenge, Refusal> {
        // This comes first, because a long text need not be decoded.
        if text.len() > 2 * (EXPIRY_BYTES + NONCE_BYTES + MAC_BYTES) {
            return Err(Refusal::Challenge);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::Challenge)?;
        let (carried, mac) = bytes.split_at_checked(EXPIRY_BYTES + NONCE_BYTES).ok_or(Refusal::Challenge)?;
        if !self.0.is_mac(&ceremony.bound_to(carried), mac) {
            return Err(Refusal::Challenge);
        }
        let (expiry, nonce) = carried.split_first_chunk().ok_or(Refusal::Challenge)?;
        let expires_at = DateTime::from_timestamp_micros(i64::from_be_bytes(*expiry)).ok_or(Refusal::Challenge)?;
        let nonce = Uuid::from_slice(nonce).map_err(|_| Refusal::Challenge)?;
        if expires_at <= now {
            return Err(Refusal::Expired);
        }
        Ok(UsedChallenge { nonce, expires_at })
    }
}
