//! Writing down what happens, in the statement that makes it happen.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::sql_types::{Inet, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use ipnetwork::IpNetwork;
use uuid::Uuid;

use crate::audit::Kind;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, Statement, parameters, statement};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::limits::store::Settling;
use crate::limits::{Attempt, AttemptOutcome, Consumed};

/// By whose request something happens: three parameters of a statement.
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

/// What happens, when, and by whose request.
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

    /// Binds three parameters: the `User-Agent`, the address and the request's id of whoever does it.
    pub(crate) fn bind_origin<'b>(&'b self, statement: &mut Statement<'_, 'b, '_>) -> QueryResult<()> {
        statement.bind::<Nullable<Text>, _>(&self.origin.user_agent)?;
        statement.bind::<Nullable<Inet>, _>(&self.origin.ip_address)?;
        statement.bind::<Nullable<Text>, _>(&self.origin.request_id)
    }

    /// An `INSERT` of one event for each of `rows`: SQL from the source, the columns that stand for the account and the session
    /// and what they come `FROM`.
    pub(crate) fn walk<'b>(&'b self, rows: &str, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id) \
             SELECT portcullis_event_id(",
        );
        out.push_bind_param::<Timestamptz, _>(&self.at)?;
        out.push_sql("), ");
        out.push_bind_param::<Timestamptz, _>(&self.at)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.kind)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.origin.user_agent)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Inet>, _>(&self.origin.ip_address)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.origin.request_id)?;
        out.push_sql(", ");
        out.push_sql(rows);
        Ok(())
    }
}

/// Writes down an attempt that came to nothing, as long as `throttle` lets it, and settles what it took. Whether there is an account
/// or not, it is the same work, but for a lock on the account's row. It waits for no disk, or all who fail at one address would wait for
/// each other: a crash of the database may take events of its last second along.
pub(crate) async fn record(
    connection: &mut Connection,
    occurrence: &Occurrence<'_>,
    (account, session): (Option<AccountId>, Option<SessionId>),
    throttle: &Attempt,
    taken: &Consumed,
) -> Result<(), Error> {
    let (account, session) = (account.map(|id| id.0), session.map(|id| id.0));
    let settling = Settling::new(taken, AttemptOutcome::Wrong);
    Recording { account, session, occurrence, throttle, settling }.execute(connection).await?;
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
