//! Asking for a mail by address, which whoever is not signed in does.

use std::time::Duration;

use super::App;
use super::mailing::{Ask, Started};
use crate::accounts::store::{Found, find};
use crate::accounts::{Designation, EmailAddress, Identifier};
use crate::client::Client;
use crate::error::Error;
use crate::limits::{Decision, Refusal};
use crate::{audit, flows, mail};

/// What is asked for by address.
pub(crate) struct EmailRequest<'a> {
    pub(crate) kind: flows::Kind,
    pub(crate) mail: mail::Kind,
    /// The event of the account that has the address.
    pub(crate) event: audit::Kind,
    /// The address as it was typed.
    pub(crate) email: &'a str,
    /// The language that was asked for.
    pub(crate) locale: Option<&'a str>,
    /// Whether an address without an account gets the mail as well.
    pub(crate) sends_to_unknown: bool,
}

/// The outcome of asking for a mail by address.
#[derive(Debug)]
pub(crate) enum Asked {
    /// A mail is on its way if there is something to send. Nobody is told whether there is.
    Started(Started),
    /// This is not an e-mail address.
    NoAddress,
    /// Too many mails were asked for. The time says when to try again.
    Limited(Duration),
}

impl App {
    /// Begins a flow for whoever has this address. A mail goes out if an account that is enabled has it. The work and the answer are
    /// the same if none has it, or one that is disabled.
    ///
    /// # Errors
    /// [`Error::Disabled`] when no mail can be sent; [`Error::Unavailable`] when the database is away. Then the mail may go out or not.
    pub(crate) async fn start_by_address(&self, client: &Client, request: EmailRequest<'_>) -> Result<Asked, Error> {
        self.mails_are_on()?;
        let Ok(typed) = EmailAddress::parse(request.email) else { return Ok(Asked::NoAddress) };
        let now = self.clock.now();
        if let Err(retry_after) = self.limits.attempt(client, now) {
            return Ok(Asked::Limited(retry_after));
        }
        let attempt = self.limits.mail(client, request.kind.as_str(), &typed.folded(), now);
        let designation = Designation::Identifier(Identifier::Email(typed.clone()));
        let (limit, found) =
            self.db.run(async |connection| find(connection, Some(&designation), &attempt).await).await?;
        if let Decision::Refused(Refusal { retry_after, .. }) = limit {
            return Ok(Asked::Limited(retry_after));
        }
        let account = found.map(|Found { account, .. }| account);
        let is_sent = account.as_ref().map_or(request.sends_to_unknown, |account| account.is_enabled());
        // The mail goes to the address that the account has, and not to another spelling of it.
        let email = account.as_ref().and_then(|account| EmailAddress::parse(&account.email).ok()).unwrap_or(typed);
        let (flow, posting) = self.prepare_flow(Ask {
            kind: request.kind,
            mail: request.mail,
            email: &email,
            locale: self.locale(request.locale, client),
            account: account.as_ref().map(|account| account.id),
            username: account.and_then(|account| account.username),
            data: None,
            client,
            now,
        })?;
        let posting = if is_sent { posting } else { posting.for_nobody() };
        self.begin_flow(flow, &posting, Some(request.event), client).await.map(Asked::Started)
    }
}
