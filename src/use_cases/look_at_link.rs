//! Looking at what a link from a mail leads to.

use std::net::IpAddr;
use std::time::Duration;

use crate::accounts::PendingAccount;
use crate::app::App;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::flows::Kind;
use crate::flows::store::{Linked, look};

/// The outcome of a look.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// This is what it leads to.
    Found(Box<Link>),
    /// There is no such link, or it is over.
    Over,
    /// There were too many attempts. The time says when to try again.
    Limited(Duration),
}

/// What a link leads to, as whoever has it is told.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) purpose: Purpose,
    /// The address to which the mail went.
    pub(crate) email: String,
    /// The address that the account has now, if it is another one.
    pub(crate) new_email: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) requested_at: Timestamp,
    pub(crate) user_agent: Option<String>,
    pub(crate) ip_address: Option<IpAddr>,
    pub(crate) expires_at: Timestamp,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    ConfirmRegistration,
    ConfirmEmail,
    SignIn,
    ResetPassword,
    ConfirmEmailChange,
    RevertEmailChange,
}

impl Purpose {
    /// What the link of such a flow is for. `None` if it has none.
    fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Registration => Some(Self::ConfirmRegistration),
            Kind::EmailVerification => Some(Self::ConfirmEmail),
            Kind::EmailSignIn => Some(Self::SignIn),
            Kind::PasswordReset => Some(Self::ResetPassword),
            Kind::EmailChange => Some(Self::ConfirmEmailChange),
            Kind::EmailRevert => Some(Self::RevertEmailChange),
            Kind::Totp | Kind::SignIn => None,
        }
    }
}

/// Finds what a link leads to, for a page that says so before it uses the link. Nothing changes.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn look_at_link(app: &App, client: &Client, link: &str) -> Result<Outcome, Error> {
    let now = app.clock.now();
    if let Err(retry_after) = app.limits.attempt(client, now) {
        return Ok(Outcome::Limited(retry_after));
    }
    let keys = &app.flow_keys;
    let found = app.db.run(async |connection| look(connection, keys, link, now).await).await?;
    match found {
        Some(linked) if leads_on(app, &linked) => Ok(Outcome::Found(Box::new(link_of(linked)?))),
        _ => Ok(Outcome::Over),
    }
}

/// Whether using the link can succeed under the settings.
fn leads_on(app: &App, linked: &Linked) -> bool {
    linked.kind != Kind::Registration || app.config.limits.open_registration
}

fn link_of(linked: Linked) -> Result<Link, Error> {
    let pending = match &linked.data {
        Some(data) if linked.kind == Kind::Registration => PendingAccount::from_bytes(data)?.username,
        _ => None,
    };
    let username = pending.map(str::to_owned).or(linked.username);
    // A change that waits has its new address in `email`, and whoever reads that mailbox need not know the old one.
    let is_revert = linked.kind == Kind::EmailRevert;
    let new_email = linked.account_email.filter(|email| is_revert && *email != linked.email);
    Ok(Link {
        purpose: Purpose::of(linked.kind).ok_or_else(|| Error::internal("a link of a flow without a mail"))?,
        email: linked.email,
        new_email,
        username,
        requested_at: linked.created_at,
        user_agent: linked.user_agent,
        ip_address: linked.ip_address,
        expires_at: linked.expires_at,
    })
}
