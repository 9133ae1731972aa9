//! Accepting a code, once.

use uuid::Uuid;

use crate::audit::store::Origin;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, statement};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};

/// A code that was found right.
pub(crate) struct Acceptance<'a> {
    pub(crate) account: AccountId,
    /// The time step that it belongs to.
    pub(crate) step: i64,
    /// The sealed secret that it was compared with.
    pub(crate) secret: &'a Vec<u8>,
    /// The same under the deployment's current secret, if another one had sealed it.
    pub(crate) resealed: &'a Option<Vec<u8>>,
    /// The session in which it is used, if there is one.
    pub(crate) session: Option<SessionId>,
    pub(crate) client: &'a Client,
}

/// Notes the step of a code. Returns false if a code of this step or of a later one was accepted before, or the app was removed or
/// replaced, or the account was disabled. Of several at once one succeeds.
pub(crate) async fn accept(
    connection: &mut Connection,
    acceptance: &Acceptance<'_>,
    now: Timestamp,
) -> Result<bool, Error> {
    let Acceptance { account, step, secret, resealed, session, client } = acceptance;
    let accepting = Accepting {
        account: account.0,
        step: *step,
        secret,
        resealed,
        session: session.map(|session| session.0),
        now,
        origin: Origin::of(client),
    };
    Ok(accepting.run(connection).await? == 1)
}

statement! {
    struct Accepting<'a> = "accept.sql" {
        account: Uuid,
        step: i64,
        secret: &'a Vec<u8>,
        resealed: &'a Option<Vec<u8>>,
        session: Option<Uuid>,
        now: Timestamp,
        origin: Origin<'a>,
    }
}
