//! Changing an account's password, which ends sessions.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, BigInt, Bool, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::end::Asking;
use crate::audit::Kind;
use crate::audit::store::Occurrence;
use crate::clock::Timestamp;
use crate::db::{Connection, Statement};
use crate::error::Error;
use crate::passwords::PasswordHash;
use crate::sessions::Ending;

/// A password to be changed.
pub(crate) struct Change<'a> {
    /// The hash that the current password was compared with.
    pub(crate) old: &'a PasswordHash,
    pub(crate) new: &'a PasswordHash,
    /// The session that asks, and goes on.
    pub(crate) asking: Asking<'a>,
}

/// What became of the change.
pub(crate) enum Changed {
    /// It was made, and all other sessions ended.
    Done(Ending),
    /// Nothing: the hash was another by then, or the account is disabled or gone.
    OtherHash,
    /// Nothing: the session that asked had ended.
    SessionEnded,
}

/// Replaces the account's hash and ends all its sessions but the one that asks: also one that a login is opening with the old
/// password, since that one holds the account's row until it is there.
pub(crate) async fn change_password(
    connection: &mut Connection,
    change: &Change<'_>,
    now: Timestamp,
) -> Result<Changed, Error> {
    let Change { old, new, asking } = change;
    let occurrence = Occurrence::new(Kind::PasswordChanged, asking.client, now);
    let (account, by, kind) = (asking.account.0, asking.by.0, Kind::PasswordChanged.as_str());
    let changing = Changing { account, by, now, old: old.as_str(), new: new.as_str(), kind, occurrence };
    let (unchanged, raised) = changing.get_result::<(bool, Option<i64>)>(connection).await?;
    Ok(match (unchanged, raised) {
        (false, _) => Changed::OtherHash,
        (true, None) => Changed::SessionEnded,
        (true, Some(generation)) => Changed::Done(Ending { account: asking.account, generation, at: now }),
    })
}

struct Changing<'a> {
    account: Uuid,
    by: Uuid,
    now: Timestamp,
    old: &'a str,
    new: &'a str,
    kind: &'static str,
    occurrence: Occurrence<'a>,
}

// The password was changed later each time, whatever the clocks of the instances say.
const CHANGING: &str = "
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::timestamptz AS now, $4::text AS old, $5::text AS new, $6::text AS kind,
        $7::text AS user_agent, $8::inet AS ip_address, $9::text AS request_id
),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND password_hash = (SELECT old FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
asking AS (
    SELECT s.* FROM account, given, sessions s
    WHERE s.id = given.by AND s.account_id = account.id AND s.revoked_at IS NULL AND s.expires_at > given.now FOR NO KEY UPDATE OF s
),
living AS (
    SELECT account.* FROM account, asking WHERE asking.generation >= account.session_generation
),
raised AS (
    UPDATE accounts SET password_hash = given.new, session_generation = accounts.session_generation + 1,
        password_changed_at = greatest(given.now, coalesce(password_changed_at, created_at) + interval '1 microsecond')
    FROM living, given WHERE accounts.id = living.id RETURNING accounts.id, accounts.session_generation
),
kept AS (
    UPDATE sessions SET generation = raised.session_generation FROM raised, given WHERE sessions.id = given.by
),
noted AS (
    INSERT INTO session_endings (account_id, generation, ended_at, kept_session_id, user_agent, ip_address, request_id)
    SELECT raised.id, raised.session_generation, now, by, user_agent, ip_address, request_id FROM raised, given
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, kind, user_agent, ip_address, request_id, raised.id, by FROM raised, given
)
SELECT EXISTS (SELECT FROM account), (SELECT session_generation FROM raised)";

impl QueryFragment<Pg> for Changing<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut statement = Statement::new(CHANGING, &mut out);
        statement.bind::<sql_types::Uuid, _>(&self.account)?;
        statement.bind::<sql_types::Uuid, _>(&self.by)?;
        statement.bind::<Timestamptz, _>(&self.now)?;
        statement.bind::<Text, _>(self.old)?;
        statement.bind::<Text, _>(self.new)?;
        statement.bind::<Text, _>(self.kind)?;
        self.occurrence.bind_origin(&mut statement)?;
        statement.end();
        Ok(())
    }
}

impl Query for Changing<'_> {
    type SqlType = (Bool, Nullable<BigInt>);
}

impl QueryId for Changing<'_> {
    type QueryId = Changing<'static>;
}
