//! Flows: persisted steps on the way. Most wait for what somebody gets by mail.
//!
//! Whoever begins a flow gets its token. The mail has a link, which works on any device, and a code, which works with
//! the token. The database has only hashes of them.

mod code;
mod proof;
pub(crate) mod store;
mod token;
mod without_mail;

use std::time::Duration;

use uuid::Uuid;

use crate::clock::{Timestamp, new_id};
use crate::config::Secret;
use crate::error::Error;
use crate::ids::AccountId;
use crate::mail::Locale;
use crate::sealing::{Macs, Purpose, Seals};

use code::Code;
pub(crate) use proof::EmailProof;
pub(crate) use token::FlowToken;
use token::{FLOW, LINK};
pub(crate) use without_mail::{FlowWithoutMail, flow_hash};

/// How long a code is valid.
const CODE_LIFE: Duration = Duration::from_secs(10 * 60);

/// How many wrong codes a flow bears.
pub(crate) const TRIES: i32 = 5;

/// How many wrong codes the flows of one address bear together, in [`TRIES_PERIOD`]. Asking for another code does not
/// refill them. A link is not a code: it works all the same.
const TRIES_OF_ADDRESS: i64 = 10;

/// The time over which those are counted.
const TRIES_PERIOD: Duration = Duration::from_secs(60 * 60);

/// What a flow leads to. The table holds the names in snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Kind {
    /// An account.
    Registration,
    /// A proof that the account's address is its owner's.
    EmailVerification,
    /// A session.
    EmailSignIn,
    /// A new password.
    PasswordReset,
    /// Another address of the account.
    EmailChange,
    /// The address that the account had before.
    EmailRevert,
    /// An authenticator app.
    Totp,
    /// A session, once a second factor was shown.
    SignIn,
}

impl Kind {
    /// The name in the table.
    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }

    /// How long the flow is open, and with it the link in its mail.
    pub(crate) fn life(self) -> Duration {
        match self {
            Self::EmailRevert => Duration::from_secs(7 * 24 * 60 * 60),
            Self::Totp | Self::SignIn => Duration::from_secs(10 * 60),
            _ => Duration::from_secs(60 * 60),
        }
    }
}

/// The keys that seal what flows keep, and those that authenticate their codes.
#[derive(Debug)]
pub(crate) struct FlowKeys {
    seals: Seals,
    macs: Macs,
}

/// A flow to be begun.
pub(crate) struct NewFlow {
    pub(crate) id: Uuid,
    pub(crate) kind: Kind,
    /// What the link leads to, if that is something else.
    pub(crate) link_kind: Kind,
    pub(crate) account: Option<AccountId>,
    pub(crate) email: String,
    pub(crate) locale: Locale,
    /// What it keeps until its end, sealed.
    pub(crate) data: Option<Vec<u8>>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) code_expires_at: Timestamp,
    token_hash: Vec<u8>,
    link_hash: Vec<u8>,
    code_mac: Vec<u8>,
    /// What the client gets.
    pub(crate) token: FlowToken,
    /// What stands in the mail's link.
    pub(crate) link: FlowToken,
    /// What stands in the mail.
    pub(crate) code: Code,
}

/// A flow that somebody has proven to be theirs.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) id: Uuid,
    pub(crate) account: Option<AccountId>,
    /// When what was shown is over: the link, or the code.
    pub(crate) expires_at: Timestamp,
    /// The address to which the mail went.
    pub(crate) email: String,
    /// The username of the account.
    pub(crate) username: Option<String>,
    /// The generation of the account's sessions.
    pub(crate) generation: Option<i64>,
    /// When the account's password was set.
    pub(crate) password_of: Option<Timestamp>,
    pub(crate) locale: Locale,
    /// What it kept, opened.
    pub(crate) data: Option<zeroize::Zeroizing<Vec<u8>>>,
}

/// The outcome of a proof that was shown.
#[derive(Debug)]
pub(crate) enum Checked {
    /// It is right, and the flow can be ended.
    Right(Flow),
    /// The code is wrong. So many more may be tried.
    Wrong {
        /// How many.
        tries_left: i32,
    },
    /// There is no such flow, or it is over.
    Expired,
    /// Too many wrong codes were tried for the address. The time says when to try again.
    Limited(Duration),
}

impl FlowKeys {
    /// Keys of this secret, and of the one before.
    ///
    /// # Errors
    /// [`Error::Internal`], in practice never.
    pub(crate) fn new(secret: &Secret, previous: Option<&Secret>) -> Result<Self, Error> {
        let seals = Seals::new(secret, previous, Purpose::Flows)?;
        Ok(Self { seals, macs: Macs::new(secret, previous, Purpose::Codes)? })
    }

    /// A flow with a token, a link and a code of its own.
    ///
    /// # Errors
    /// [`Error::Internal`] without randomness.
    pub(crate) fn begin(
        &self,
        kind: Kind,
        account: Option<AccountId>,
        email: String,
        locale: Locale,
        data: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<NewFlow, Error> {
        let id = new_id(now);
        let (token, link, code) = (FlowToken::random(FLOW)?, FlowToken::random(LINK)?, Code::random()?);
        Ok(NewFlow {
            id,
            kind,
            link_kind: kind,
            account,
            email,
            locale,
            data: data.map(|data| self.seals.seal(id, data)).transpose()?,
            created_at: now,
            expires_at: now + kind.life(),
            code_expires_at: now + CODE_LIFE,
            token_hash: token.hash(),
            link_hash: link.hash(),
            code_mac: self.macs.mac(&code.bound_to(&token.hash())),
            token,
            link,
            code,
        })
    }

    /// Seals what this flow keeps.
    pub(crate) fn seal(&self, id: Uuid, data: &[u8]) -> Result<Vec<u8>, Error> {
        self.seals.seal(id, data)
    }

    /// Opens what a flow keeps. `None` if another secret sealed it: the flow is over then.
    pub(crate) fn open(&self, id: Uuid, sealed: &[u8]) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        let opened = self.seals.open(id, sealed).map(|opened| opened.plain);
        if opened.is_none() {
            tracing::warn!(flow = %id, "another secret sealed what a flow keeps, so the flow is over");
        }
        opened
    }
}
