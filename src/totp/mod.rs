//! Time-based one-time passwords (TOTP, RFC 6238): codes that an authenticator app makes from a secret and the time.

mod code;
mod key_uri;
mod pending;
mod qr;
mod secret;
pub(crate) mod store;

use crate::config::Secret;
use crate::error::Error;
use crate::ids::AccountId;
use crate::sealing::{Purpose, Seals};

pub(crate) use code::TotpCode;
pub(crate) use key_uri::key_uri;
pub(crate) use pending::PendingTotp;
pub(crate) use qr::svg;
pub(crate) use secret::TotpSecret;

/// Seals secrets, each to its account.
#[derive(Debug)]
pub(crate) struct TotpSeals(Seals);

/// A secret that was opened.
pub(crate) struct OpenedTotp {
    pub(crate) secret: TotpSecret,
    /// Whether only the deployment's previous secret opened it.
    pub(crate) is_stale: bool,
}

impl TotpSeals {
    /// Keys of this secret, and of the one before.
    ///
    /// # Errors
    /// [`Error::Internal`], in practice never.
    pub(crate) fn new(secret: &Secret, previous: Option<&Secret>) -> Result<Self, Error> {
        Seals::new(secret, previous, Purpose::Totps).map(Self)
    }

    pub(crate) fn seal(&self, account: AccountId, secret: &TotpSecret) -> Result<Vec<u8>, Error> {
        self.0.seal(account.0, secret.expose())
    }

    /// `None` if another secret of the deployment sealed it, or it is another account's.
    pub(crate) fn open(&self, account: AccountId, sealed: &[u8]) -> Option<OpenedTotp> {
        let opened = self.0.open(account.0, sealed).and_then(|opened| {
            Some(OpenedTotp { secret: TotpSecret::from_bytes(&opened.plain)?, is_stale: opened.stale })
        });
        if opened.is_none() {
            tracing::warn!(%account, "another secret sealed what the account's authenticator app shares, so no code of it is right");
        }
        opened
    }
}
