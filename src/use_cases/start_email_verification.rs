//! Asking for a mail that verifies the caller's address.

use crate::accounts::store::{Found, find};
use crate::accounts::{Designation, EmailAddress};
use crate::app::{App, Ask, Asked, SignedIn};
use crate::client::Client;
use crate::error::{Error, OrInternal, Reason};
use crate::limits::{Decision, Refusal};
use crate::{audit, flows, mail};

/// Sends a mail with which the caller proves that mails to the account's address reach them. It is sent as well if that was proven
/// before: whoever asks for a mail gets one.
///
/// # Errors
/// [`Error::Disabled`] when no mail can be sent; [`Error::Unauthenticated`] when the account was disabled or deleted meanwhile;
/// [`Error::Unavailable`] when the database is away. Then the mail may go out or not.
pub(crate) async fn start_email_verification(app: &App, client: &Client, caller: &SignedIn) -> Result<Asked, Error> {
    app.mails_are_on()?;
    let now = app.clock.now();
    let (id, session) = (caller.account().id, caller.session());
    if let Err(retry_after) = app.limits.in_session(session.0.as_bytes(), now) {
        return Ok(Asked::Limited(retry_after));
    }
    let address = |text: &str| EmailAddress::parse(text).map_err(|_| "an account whose address is none").or_internal();
    let (kind, recipient) = (flows::Kind::EmailVerification, address(caller.email())?.folded());
    let attempt = app.limits.mail_in_session(id.0.as_bytes(), kind.as_str(), &recipient, now);
    let (limit, found) =
        app.db.run(async |connection| find(connection, Some(&Designation::Id(id)), &attempt).await).await?;
    if let Decision::Refused(Refusal { retry_after, .. }) = limit {
        return Ok(Asked::Limited(retry_after));
    }
    let found = found.map(|Found { account, .. }| account).filter(|account| account.is_enabled());
    let account = found.ok_or(Error::Unauthenticated(Reason::SessionRevoked))?;
    let (flow, posting) = app.prepare_flow(Ask {
        kind,
        mail: mail::Kind::ConfirmEmail,
        email: &address(&account.email)?,
        locale: app.locale(None, client),
        account: Some(id),
        username: account.username,
        data: None,
        client,
        now,
    })?;
    let event = Some(audit::Kind::EmailVerificationRequested);
    app.begin_flow(flow, &posting, event, client).await.map(Asked::Started)
}
