//! Recording an event in the statement that causes it.

use ipnetwork::IpNetwork;
use uuid::Uuid;

use crate::audit::Kind;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, parameters, statement};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::limits::store::Settling;
use crate::limits::{Attempt, AttemptOutcome, Consumed};

/// The request that causes an event: three parameters of a statement.
pub(crate) struct Origin<'a> {
    user_agent: Option<&'a str>,
    ip_address: Option<IpNetwork>,
    request_id: Option<&'a str>,
}

parameters! { Origin<'a> { user_agent: Option<&'a str>, ip_address: Option<IpNetwork>, request_id: Option<&'a str> } }

impl<'a> Origin<'a> {
    pub(crate) fn of(client: &'a Client) -> Self {
        Self {
            user_agent: client.user_agent(),
            ip_address: client.ip_address.map(IpNetwork::from),
            request_id: client.request_id.as_deref(),
        }
    }
}

/// The kind of an event, its time, and the request that causes it.
pub(crate) struct Occurrence<'a> {
    kind: &'static str,
    at: Timestamp,
    origin: Origin<'a>,
}

parameters! { Occurrence<'a> { kind: &'static str, at: Timestamp, origin: Origin<'a> } }

impl<'a> Occurrence<'a> {
    pub(crate) fn new(kind: Kind, client: &'a Client, at: Timestamp) -> Self {
        Self { kind: kind.as_str(), at, origin: Origin::of(client) }
    }
}

/// Records a failed attempt if `throttle` permits it, and settles what it took. The work is the same whether there is
/// an account or not, except for a lock on the account's row. It does not wait for the disk, because all attempts
/// that fail at one address would wait for each other. A crash of the database may lose the events of its last
/// second.
pub(crate) async fn record(
    connection: &mut Connection,
    occurrence: &Occurrence<'_>,
    (account, session): (Option<AccountId>, Option<SessionId>),
    throttle: &Attempt,
    taken: &Consumed,
) -> Result<(), Error> {
    let (account, session) = (account.map(|id| id.0), session.map(|id| id.0));
    let settling = Settling::new(taken, AttemptOutcome::Wrong);
    Recording { account, session, occurrence, throttle, settling }.run(connection).await?;
    Ok(())
}

statement! {
    struct Recording<'a> = "record.sql" {
        account: Option<Uuid>,
        session: Option<Uuid>,
        occurrence: &'a Occurrence<'a>,
        throttle: &'a Attempt,
        settling: Settling<'a>,
    }
}
