//! The one step that checks a password: its limits, the dummy hash where there is no account, how often it starts
//! over, and the event of a wrong password. Every use case that asks for a password uses it.

pub(super) mod admission;
mod anybody;
mod caller;
mod subject;

use std::time::Duration;

use super::App;
use super::charge::Failure;
use super::failed::{Refused, log_failed};
use crate::accounts::Account;
use crate::accounts::store::{Found, find};
use crate::client::Client;
use crate::error::Error;
use crate::limits::{Attempt, AttemptOutcome, Consumed};
use crate::passwords::{HashingPermit, Password, PasswordHash, StoredPassword};
use admission::{Comparing, Right};
use subject::{Denied, Subject};

pub(crate) use anybody::Anybody;
pub(crate) use caller::Caller;

/// How often the same password is compared: once more each time the account's hash was replaced in the meantime.
const COMPARISONS: usize = 3;

/// A password that was right.
pub(crate) struct Confirmed {
    /// The account.
    pub(crate) account: Account,
    /// The hash that it was compared with.
    pub(crate) password: StoredPassword,
    /// A hash of it at the current cost, if the stored one is cheaper to break.
    pub(crate) stronger: Option<PasswordHash>,
    /// The permit, for what else has to be hashed. Drop it before you wait for anything else, because others need it.
    pub(crate) permit: HashingPermit,
    /// What the attempt took, for [`Acted::Halfway`].
    pub(crate) taken: Consumed,
}

/// What came of a right password.
pub(crate) enum Acted<T> {
    /// What it was asked for is done, or failed for another reason.
    Done(T),
    /// It was the first step of a sign-in, and a second factor is asked for. The attempt counts until that was right.
    Halfway(T),
    /// The account's hash was replaced in the meantime.
    Replaced,
}

/// The outcome of a check.
pub(crate) enum Checked<T> {
    /// The password was right, and this is the result of `act`.
    Right(T),
    /// It was wrong, there was nothing to compare it with, or the hash was replaced each time. This was logged and
    /// recorded.
    Wrong,
    /// It was not compared, because there were too many tries. The time says when to try again.
    Limited(Duration),
}

impl App {
    /// Checks a password, and calls `act` if it is right. If the account's hash was replaced in the meantime, the password
    /// is compared with the new hash, without another charge.
    ///
    /// If there is no account, or it has no password or is disabled, no password is right, and the answer takes as
    /// long.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unavailable`] when the database is away; those of `act`.
    pub(crate) async fn check_password<T, F>(
        &self,
        client: &Client,
        subject: &impl Subject,
        password: Option<Password>,
        mut act: impl FnMut(Confirmed) -> F,
    ) -> Result<Checked<T>, Error>
    where
        F: Future<Output = Result<Acted<T>, Error>> + Send,
    {
        let log = |refused| log_failed(subject.failure(), refused, client, subject.identifier_to_log());
        let (mut admission, mut found) = match subject.admit(self, client).await? {
            Ok(admitted) => admitted,
            Err(Denied { retry_after, refused, noted }) => {
                log(refused);
                if let Some(of) = noted {
                    self.charges().note_limit(client, subject.name(), of, subject.at()).await?;
                }
                return Ok(Checked::Limited(retry_after));
            }
        };
        for comparison in 1..=COMPARISONS {
            let failure = self.failure_of(client, subject, found.as_ref());
            let known = found.filter(|found| found.account.is_enabled());
            let known = known.and_then(|found| Some((found.account, found.password?)));
            let hash = known.as_ref().map(|(_, password)| password.hash.clone());
            let comparing = Comparing { password: password.clone(), hash, failure };
            let Some(right) = self.compare(admission, comparing).await? else { return Ok(Checked::Wrong) };
            let Some((account, password)) = known else { return Ok(Checked::Wrong) };
            let Right { permit, mut charge, stronger } = right;
            let taken = charge.counting();
            match act(Confirmed { account, password, stronger, permit, taken }).await? {
                Acted::Done(done) => return Ok(Checked::Right(done)),
                Acted::Halfway(halfway) => {
                    charge.set_ending(AttemptOutcome::Unknown);
                    return Ok(Checked::Right(halfway));
                }
                Acted::Replaced => {}
            }
            if comparison == COMPARISONS {
                break;
            }
            admission = self.readmit(charge)?;
            let (designation, free) = (subject.designation(), Attempt::free(subject.at()));
            (_, found) = self.db.run(async |connection| find(connection, designation.as_ref(), &free).await).await?;
        }
        log(Refused::InvalidCredentials);
        Ok(Checked::Wrong)
    }

    fn failure_of(&self, client: &Client, subject: &impl Subject, found: Option<&Found>) -> Failure {
        Failure {
            kind: subject.failure(),
            client: client.clone(),
            identifier: subject.identifier_to_log().map(str::to_owned),
            of: subject.of(found),
            throttle: subject.throttle(self, client, found),
            name: subject.name().to_vec(),
            at: subject.at(),
        }
    }
}
