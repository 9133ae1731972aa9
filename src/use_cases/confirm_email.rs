//! Proving an address with what a mail brought.

use std::time::Duration;

use crate::accounts::store::verify;
use crate::app::App;
use crate::client::Client;
use crate::error::Error;
use crate::flows::{Checked, EmailProof, Kind};
use crate::telemetry;

/// The outcome of a proof.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// This address is proven.
    Success(String),
    /// The code is wrong. So many more may be tried.
    Wrong(i32),
    /// The link or the code is over, or the account is disabled or has another address by now.
    Expired,
    /// There were too many attempts. The time says when to try again.
    Limited(Duration),
}

/// Notes that mails to the address of the account reach whoever shows the proof. It opens no session.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away. Then the address may be proven or not.
pub(crate) async fn confirm_email(app: &App, client: &Client, proof: &EmailProof) -> Result<Outcome, Error> {
    let flow = match app.check_proof(client, Kind::EmailVerification, proof).await? {
        Checked::Right(flow) => flow,
        Checked::Expired => return Ok(Outcome::Expired),
        Checked::Wrong { tries_left } => return Ok(Outcome::Wrong(tries_left)),
        Checked::Limited(retry_after) => return Ok(Outcome::Limited(retry_after)),
    };
    let Some(account) = flow.account else { return Ok(Outcome::Expired) };
    let turn = app.turn(account).await?;
    let (now, of) = (app.clock.now(), (account, flow.email.as_str()));
    let verified = app.db.run(async |connection| verify(connection, flow.id, of, client, now).await).await;
    drop(turn);
    // Other instances are notified by the database.
    app.session_cache.forget_account(account);
    Ok(match verified? {
        Some(email) => {
            telemetry::record_account(account);
            Outcome::Success(email)
        }
        None => Outcome::Expired,
    })
}
