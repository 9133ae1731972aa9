//! The kinds of limits, and how often each refused something.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use strum::{EnumCount, VariantNames};

/// What a limit counts. The name is hashed into the keys of its buckets, so another name is another bucket, and tells operators which
/// limit refused something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames, strum::EnumCount)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Kind {
    Connections,
    #[strum(serialize = "connections/network")]
    ConnectionsOfNetwork,
    Requests,
    Attempts,
    #[strum(serialize = "attempts/site")]
    AttemptsOfSite,
    #[strum(serialize = "attempts/device")]
    AttemptsOnDevice,
    #[strum(serialize = "attempts/devices")]
    AttemptsOnDevices,
    #[strum(serialize = "attempts/session")]
    AttemptsInSession,
    #[strum(serialize = "attempts/sessions")]
    AttemptsInSessions,
    ServiceKeys,
    #[strum(serialize = "service_keys/site")]
    ServiceKeysOfSite,
    Login,
    #[strum(serialize = "login/address")]
    LoginAddress,
    #[strum(serialize = "login/site")]
    LoginSite,
    #[strum(serialize = "login/account")]
    LoginAccount,
    #[strum(serialize = "login/sessions")]
    LoginSessions,
    #[strum(serialize = "login/device")]
    LoginDevice,
    #[strum(serialize = "login/devices")]
    LoginDevices,
    Password,
    Register,
    #[strum(serialize = "register/site")]
    RegisterSite,
    Refresh,
    #[strum(serialize = "mail/client")]
    MailClient,
    #[strum(serialize = "mail/site")]
    MailSite,
    #[strum(serialize = "mail/account")]
    MailAccount,
    #[strum(serialize = "mail/resend")]
    MailResend,
    #[strum(serialize = "mail/recipient")]
    MailRecipient,
    #[strum(serialize = "mail/recipient/day")]
    MailRecipientDay,
    #[strum(serialize = "mail/reset")]
    MailReset,
    #[strum(serialize = "mail/reset/day")]
    MailResetDay,
    #[strum(serialize = "mail/change")]
    MailChange,
    #[strum(serialize = "mail/change/day")]
    MailChangeDay,
    Factor,
    #[strum(serialize = "factor/site")]
    FactorSite,
    #[strum(serialize = "factor/change")]
    FactorChange,
    Totp,
    Recovery,
    #[strum(serialize = "recovery/account")]
    RecoveryAccount,
    Passkey,
    #[strum(serialize = "passkey/session")]
    PasskeySession,
    #[strum(serialize = "passkey/sessions")]
    PasskeySessions,
}

/// How often each limit refused something.
pub(crate) struct Refusals([AtomicU64; Kind::COUNT]);

impl Refusals {
    pub(super) fn count(&self, kind: Kind) {
        self.0[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// By the name of the limit.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.0.iter().map(|count| count.load(Ordering::Relaxed));
        Kind::VARIANTS.iter().copied().zip(counts)
    }
}

impl Default for Refusals {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::default()))
    }
}

impl fmt::Debug for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.all().filter(|(_, count)| *count > 0)).finish()
    }
}
