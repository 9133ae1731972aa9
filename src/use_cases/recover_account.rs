//! Getting somebody back in who has lost their second factors and their recovery codes, which an operator does.

use crate::accounts::store::{Found, find};
use crate::accounts::{Account, Designation};
use crate::app::Operator;
use crate::error::Error;
use crate::flows;
use crate::ids::AccountId;
use crate::limits::Attempt;
use crate::mail::{Content, Kind, Mail};
use crate::sessions::store;

/// The outcome of a recovery.
#[derive(Debug)]
pub enum Recovered {
    /// The account has no second factor and no password any more, and a mail is on its way to its address.
    Done(AccountId),
    /// Nothing was done, because the account is disabled.
    Disabled(AccountId),
    /// There is no such account.
    Unknown,
}

/// Removes the second factors, the recovery codes and the password of an account, ends its sessions, and sends its address a mail with
/// which a new password is set. So nobody gets in but whoever reads that mail: not who knows the password, and not who asked the operator.
///
/// # Errors
/// [`Error::Disabled`] when no mail can be sent; [`Error::Unavailable`] when the database is away.
pub async fn recover(operator: &Operator<'_>, typed: &str) -> Result<Recovered, Error> {
    let locale = operator.locale_of_mails()?;
    let Some(designation) = Designation::parse(typed) else { return Ok(Recovered::Unknown) };
    let now = operator.clock.now();
    let free = Attempt::free(now);
    let (_, found) = operator.db.run(async |connection| find(connection, Some(&designation), &free).await).await?;
    let Some(Found { account, .. }) = found else { return Ok(Recovered::Unknown) };
    if !account.is_enabled() {
        return Ok(Recovered::Disabled(account.id));
    }
    let Account { id, email, username, .. } = account;
    let flow = operator.flow_keys.begin(flows::Kind::PasswordReset, Some(id), email, locale, None, now)?;
    let content = Content {
        link: Some(flow.link.expose().to_owned()),
        link_expires_at: Some(flow.expires_at),
        username,
        ..Content::default()
    };
    let mail = Mail {
        kind: Kind::AccountRecovered,
        account: Some(id),
        recipient: &flow.email,
        locale: &flow.locale,
        content: &content,
    };
    let mail = &operator.outbox.post(&mail, now)?;
    let is_done = operator.db.run(async |connection| store::recover(connection, &flow, mail).await).await?;
    if !is_done {
        return Ok(Recovered::Unknown);
    }
    operator.all_ended(id);
    Ok(Recovered::Done(id))
}
