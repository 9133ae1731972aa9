//! Confirming a registration, which creates the account.

use std::time::Duration;

use crate::accounts::{EmailAddress, NameTaken, NewAccount, PendingAccount, Username};
use crate::app::{App, EnrolmentStep, SignIn};
use crate::client::Client;
use crate::clock::{Timestamp, new_id};
use crate::error::{Error, OrInternal};
use crate::flows::{Checked, EmailProof, Flow, Kind};
use crate::ids::AccountId;
use crate::passwords::PasswordHash;
use crate::sessions::Method;
use crate::sessions::store::{Registered, open_with_confirmed_account};
use crate::telemetry;
use crate::tokens::PlainToken;
use crate::tokens::device::{DeviceToken, SignInTimes};

/// The outcome of a confirmation.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The account was created and is signed in. The token is the device's.
    Success(Box<SignIn>, PlainToken),
    /// The account was created, and has to get a second factor before it is signed in.
    EnrolmentRequired(EnrolmentStep),
    /// Another account has got the e-mail address or the username in the meantime.
    Taken(NameTaken),
    /// The code is wrong. So many more may be tried.
    Wrong(i32),
    /// There is no such registration any more.
    Expired,
    /// There were too many attempts. The time says when to try again.
    Limited(Duration),
}

/// Creates the account of a registration whose address is proven, and opens its first session. Of several at once one
/// succeeds.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away. Then the account may exist or not.
pub(crate) async fn confirm_registration(app: &App, client: Client, proof: &EmailProof) -> Result<Outcome, Error> {
    if !app.config.limits.open_registration {
        return Ok(Outcome::Expired);
    }
    match app.check_proof(&client, Kind::Registration, proof).await? {
        // The registration of an address that was taken has an account, and no mail has its code.
        Checked::Right(flow) if flow.account.is_none() => create(app, client, &flow, app.clock.now()).await,
        Checked::Right(_) | Checked::Expired => Ok(Outcome::Expired),
        Checked::Wrong { tries_left } => Ok(Outcome::Wrong(tries_left)),
        Checked::Limited(retry_after) => Ok(Outcome::Limited(retry_after)),
    }
}

async fn create(app: &App, client: Client, flow: &Flow, now: Timestamp) -> Result<Outcome, Error> {
    let data = flow.data.as_ref().ok_or("a registration without its data").or_internal()?;
    let pending = PendingAccount::from_bytes(data)?;
    let unreadable = || Error::internal("a registration with names that can't be read");
    let account = NewAccount {
        id: AccountId(new_id(now)),
        email: EmailAddress::parse(&flow.email).map_err(|_| unreadable())?,
        email_verified_at: Some(now),
        username: pending.username.map(Username::parse).transpose().map_err(|_| unreadable())?,
        password: Some(PasswordHash::new(pending.hash.to_owned())),
        created_at: now,
    };
    // What was proven just now is the mail. The password was typed at the registration, perhaps by somebody else.
    let (id, policy) = (account.id, app.second_factor_policy());
    let step = &app.second_step_of_new(&account, Method::Email, &client)?;
    let session = app.new_session(client, vec![Method::Email], now);
    let opened = app
        .db
        .run(async |connection| open_with_confirmed_account(connection, flow.id, account, session, step, policy).await)
        .await?;
    match opened {
        Registered::Session(account, session) => {
            telemetry::record_account(id);
            let times = SignInTimes { password_of: account.created_at, now };
            let device = DeviceToken::new(id, times).mint(&app.keys.current());
            Ok(Outcome::Success(Box::new(app.sign_in(*account, *session, now)?), device))
        }
        Registered::EnrolmentRequired => {
            telemetry::record_account(id);
            Ok(Outcome::EnrolmentRequired(app.enrolment_required(step)))
        }
        Registered::Taken(taken) => Ok(Outcome::Taken(taken)),
        Registered::Over => Ok(Outcome::Expired),
    }
}
