//! Accepting a passkey as a second factor.

use uuid::Uuid;

use crate::audit::store::Origin;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::mail::Posting;
use crate::sessions::ShownPasskey;

/// A passkey whose signature was right.
pub(crate) struct Acceptance<'a> {
    pub(crate) account: AccountId,
    pub(crate) shown: &'a ShownPasskey,
    /// The session in which it is shown, if there is one.
    pub(crate) session: Option<SessionId>,
    /// The mail that tells the address if the sign count fell and the passkey is refused.
    pub(crate) mail: &'a Posting,
    pub(crate) client: &'a Client,
}

/// Notes that the challenge is used, and moves the sign count. Returns false if the challenge was answered before or is over, the passkey
/// was removed, or is refused because its sign count fell, or the account was disabled. Of several at once one succeeds.
pub(crate) async fn accept(
    connection: &mut Connection,
    acceptance: &Acceptance<'_>,
    now: Timestamp,
) -> Result<bool, Error> {
    let Acceptance { account, shown, session, mail, client } = acceptance;
    let accepting = Accepting {
        account: account.0,
        shown,
        session: session.map(|session| session.0),
        now,
        mail,
        origin: Origin::of(client),
    };
    Ok(accepting.one_row::<AcceptedRow>(connection).await?.is_accepted)
}

statement! {
    struct Accepting<'a> = "accept.sql" {
        account: Uuid,
        shown: &'a ShownPasskey,
        session: Option<Uuid>,
        now: Timestamp,
        mail: &'a Posting,
        origin: Origin<'a>,
    } -> AcceptedRow
}

row! {
    struct AcceptedRow {
        is_accepted: bool,
    }
}
