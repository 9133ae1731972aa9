//! Using a code, once.

use uuid::Uuid;

use crate::audit::store::Origin;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, statement};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::mail::Posting;
use crate::passwords::PasswordHash;

/// A code that was found right.
pub(crate) struct Consumption<'a> {
    pub(crate) account: AccountId,
    pub(crate) slot: i32,
    /// The hash that it was compared with.
    pub(crate) hash: &'a PasswordHash,
    /// The session in which it is used, if there is one.
    pub(crate) session: Option<SessionId>,
    /// The mail that tells the address of it.
    pub(crate) mail: &'a Posting,
    pub(crate) client: &'a Client,
}

/// Notes that a code was used. Returns false if it was used before, or replaced, or the account was disabled. Of several at once one
/// succeeds.
pub(crate) async fn consume(
    connection: &mut Connection,
    consumption: &Consumption<'_>,
    now: Timestamp,
) -> Result<bool, Error> {
    let Consumption { account, slot, hash, session, mail, client } = consumption;
    let consuming = Consuming {
        account: account.0,
        slot: *slot,
        hash: hash.as_str(),
        session: session.map(|session| session.0),
        now,
        mail,
        origin: Origin::of(client),
    };
    Ok(consuming.run(connection).await? == 1)
}

statement! {
    struct Consuming<'a> = "consume.sql" {
        account: Uuid,
        slot: i32,
        hash: &'a str,
        session: Option<Uuid>,
        now: Timestamp,
        mail: &'a Posting,
        origin: Origin<'a>,
    }
}
