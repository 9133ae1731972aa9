//! Giving an account back the e-mail address of before.

use std::time::Duration;

use crate::app::{App, LinkTo};
use crate::client::Client;
use crate::error::{Error, OrInternal};
use crate::flows::{self, Checked, EmailProof, Flow};
use crate::mail;
use crate::sessions::Ending;
use crate::sessions::store::{EmailRevert, Moved, revert_email};
use crate::telemetry;

/// The outcome of a revert.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The account has this address again, and all its sessions have ended.
    Success(String, Ending),
    /// Another account has got the address in the meantime. The link stays valid.
    Taken,
    /// The link is over.
    Expired,
    /// There were too many attempts. The time says when to try again.
    Limited(Duration),
}

/// Gives an account back the address to which the link was sent. Whoever changed it is out: all sessions end, nobody knows a password
/// of the account any more, and other flows are over. A mail to the address sets a new password.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away. Then the change may have been reverted or not.
pub(crate) async fn revert_email_change(app: &App, client: &Client, link: String) -> Result<Outcome, Error> {
    match app.check_proof(client, flows::Kind::EmailRevert, &EmailProof::Link(link)).await? {
        Checked::Right(flow) => revert(app, client, flow).await,
        Checked::Expired | Checked::Wrong { .. } => Ok(Outcome::Expired),
        Checked::Limited(retry_after) => Ok(Outcome::Limited(retry_after)),
    }
}

async fn revert(app: &App, client: &Client, flow: Flow) -> Result<Outcome, Error> {
    let account = flow.account.ok_or("a revert without an account").or_internal()?;
    let turn = app.turn(account).await?;
    let now = app.clock.now();
    let (reset, mail) = app.prepare_link(LinkTo {
        kind: flows::Kind::PasswordReset,
        mail: mail::Kind::ResetPassword,
        occasion: Some(mail::Occasion::Revert),
        account,
        email: &flow.email,
        locale: flow.locale,
        username: flow.username,
        new_email: None,
        client,
        now,
    })?;
    let revert = EmailRevert { flow: flow.id, account, client };
    let moved = app.db.run(async |connection| revert_email(connection, &revert, &reset, &mail, now).await).await;
    drop(turn);
    app.all_ended(account);
    Ok(match moved? {
        Moved::Done(ending) => {
            telemetry::record_account(account);
            Outcome::Success(flow.email, ending)
        }
        Moved::Taken => Outcome::Taken,
        Moved::Over => Outcome::Expired,
    })
}
