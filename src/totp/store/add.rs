//! Adding an authenticator app.

use uuid::Uuid;

use crate::audit::store::Origin;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::flows::TRIES;
use crate::mail::Posting;
use crate::recovery_codes::HashedCodes;
use crate::sessions::ActiveAt;
use crate::sessions::store::Asking;

/// An app to be added.
pub(crate) struct Addition<'a> {
    /// The flow of the enrolment, which is ended.
    pub(crate) flow: Uuid,
    /// The generation of the account's sessions when it began.
    pub(crate) generation: i64,
    /// The session that asks.
    pub(crate) asking: Asking<'a>,
    /// The secret, sealed to the account.
    pub(crate) secret: &'a Vec<u8>,
    /// The step of the code that confirmed it.
    pub(crate) step: i64,
    /// Recovery codes for an account that has none, or no second factor.
    pub(crate) codes: &'a HashedCodes,
    /// The mail that tells the address of it.
    pub(crate) mail: &'a Posting,
}

/// The outcome of the addition.
pub(crate) enum Added {
    /// The account has the app.
    Done {
        /// Whether it got the recovery codes.
        has_new_codes: bool,
    },
    /// Nothing was done, because the enrolment is over.
    Over,
    /// Nothing was done, because the session that asked had ended.
    SessionEnded,
}

/// Ends the flow of an enrolment, and gives the account its app. One that it had is replaced.
pub(crate) async fn add(connection: &mut Connection, addition: &Addition<'_>, at: ActiveAt) -> Result<Added, Error> {
    let Addition { flow, generation, asking, secret, step, codes, mail } = addition;
    let adding = Adding {
        flow: *flow,
        account: asking.account.0,
        by: asking.by.0,
        generation: *generation,
        tries: TRIES,
        secret,
        step: *step,
        at,
        codes,
        mail,
        origin: Origin::of(asking.client),
    };
    let row = adding.one_row::<AddedRow>(connection).await?;
    Ok(match (row.has_asked, row.is_done) {
        (false, _) => Added::SessionEnded,
        (true, false) => Added::Over,
        (true, true) => Added::Done { has_new_codes: row.has_new_codes },
    })
}

statement! {
    struct Adding<'a> = "add.sql" {
        flow: Uuid,
        account: Uuid,
        by: Uuid,
        generation: i64,
        tries: i32,
        secret: &'a Vec<u8>,
        step: i64,
        at: ActiveAt,
        codes: &'a HashedCodes,
        mail: &'a Posting,
        origin: Origin<'a>,
    } -> AddedRow
}

row! {
    struct AddedRow {
        has_asked: bool,
        is_done: bool,
        has_new_codes: bool,
    }
}
