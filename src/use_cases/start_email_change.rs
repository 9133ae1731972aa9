//! Asking for another e-mail address of the caller's account.

use crate::accounts::store::find_new_email;
use crate::accounts::{EmailAddress, PendingChange};
use crate::app::{App, Ask, Asked, FreshlySignedIn};
use crate::audit;
use crate::client::Client;
use crate::error::{Error, Reason};
use crate::flows;
use crate::limits::{Decision, Refusal};
use crate::mail;

/// Begins a flow whose mail goes to the new address. Nothing changes before that address is proven. If another account has it, no
/// mail goes out: the answer and the work are the same, and nobody learns by it who has an account. `locale` is the language of the
/// mail, if the client asks for one.
///
/// # Errors
/// [`Error::Disabled`] if no mails can be sent; [`Error::Unauthenticated`] when the account was deleted meanwhile;
/// [`Error::Unavailable`] when the database is away.
pub(crate) async fn start_email_change(
    app: &App,
    client: &Client,
    fresh: &FreshlySignedIn,
    new: &str,
    locale: Option<&str>,
) -> Result<Asked, Error> {
    app.mails_are_on()?;
    let Ok(new) = EmailAddress::parse(new) else { return Ok(Asked::NoAddress) };
    let (account, session) = (fresh.caller().account().id, fresh.caller().session());
    let now = app.clock.now();
    if let Err(retry_after) = app.limits.in_session(session.0.as_bytes(), now) {
        return Ok(Asked::Limited(retry_after));
    }
    let (kind, recipient) = (flows::Kind::EmailChange, new.folded());
    let attempt = app.limits.mail_of_account(client, account.0.as_bytes(), kind.as_str(), &recipient, now);
    let (limit, before) =
        app.db.run(async |connection| find_new_email(connection, account, &new, &attempt).await).await?;
    if let Decision::Refused(Refusal { retry_after, .. }) = limit {
        return Ok(Asked::Limited(retry_after));
    }
    let from = before.email.ok_or(Error::Unauthenticated(Reason::SessionRevoked))?;
    let pending = PendingChange { from, session: session.0 };
    let data = pending.to_bytes()?;
    let ask = Ask {
        kind,
        mail: mail::Kind::ConfirmEmailChange,
        email: &new,
        locale: app.locale(locale, client),
        account: Some(account),
        username: before.username,
        data: Some(&data),
        client,
        now,
    };
    let (flow, posting) = app.prepare_flow(ask)?;
    let posting = if before.is_taken { posting.for_nobody() } else { posting };
    let event = Some(audit::Kind::EmailChangeRequested);
    Ok(Asked::Started(app.begin_flow(flow, &posting, event, client).await?))
}
