//! Deleting accounts: their names are free and their sessions end at once. The rows are removed later.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, Bool, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::end::Asking;
use crate::audit::Kind;
use crate::audit::store::Occurrence;
use crate::clock::Timestamp;
use crate::db::{Connection, Statement};
use crate::error::Error;
use crate::passwords::PasswordHash;

/// What became of the deletion.
pub(crate) enum Deleted {
    /// It was made.
    Done,
    /// Nothing: the hash was another by then, or the account is disabled or gone.
    OtherHash,
    /// Nothing: the session that asked had ended.
    SessionEnded,
}

/// Deletes the account of the session that asks, if `hash` is still its password's. It `is_kept` if it may be restored for a while.
pub(crate) async fn delete_own(
    connection: &mut Connection,
    asking: &Asking<'_>,
    hash: &PasswordHash,
    is_kept: bool,
    now: Timestamp,
) -> Result<Deleted, Error> {
    let occurrence = Occurrence::new(Kind::AccountDeleted, asking.client, now);
    let (account, by, kind) = (asking.account.0, asking.by.0, Kind::AccountDeleted.as_str());
    let own = Own { account, by, now, hash: hash.as_str(), is_kept, kind, occurrence };
    Ok(match own.get_result::<(bool, bool)>(connection).await? {
        (false, _) => Deleted::OtherHash,
        (true, false) => Deleted::SessionEnded,
        (true, true) => Deleted::Done,
    })
}

struct Own<'a> {
    account: Uuid,
    by: Uuid,
    now: Timestamp,
    hash: &'a str,
    is_kept: bool,
    kind: &'static str,
    occurrence: Occurrence<'a>,
}

// What stands in the place of the address is none, so nobody can take it before.
const OWN: &str = "
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::timestamptz AS now, $4::text AS hash, $5::boolean AS is_kept,
        $6::text AS kind, $7::text AS user_agent, $8::inet AS ip_address, $9::text AS request_id
),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND password_hash = (SELECT hash FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
asking AS (
    SELECT s.* FROM account, given, sessions s
    WHERE s.id = given.by AND s.account_id = account.id AND s.revoked_at IS NULL AND s.expires_at > given.now FOR NO KEY UPDATE OF s
),
living AS (
    SELECT account.* FROM account, asking WHERE asking.generation >= account.session_generation
),
deleted AS (
    UPDATE accounts SET disabled_at = given.now, deleted_at = given.now,
        deleted_email = CASE WHEN is_kept THEN email END, deleted_username = CASE WHEN is_kept THEN username END,
        email = 'deleted ' || accounts.id, username = NULL,
        password_hash = CASE WHEN is_kept THEN password_hash ELSE '' END,
        session_generation = accounts.session_generation + 1
    FROM living, given WHERE accounts.id = living.id RETURNING accounts.id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, kind, user_agent, ip_address, request_id, deleted.id, by FROM deleted, given
)
SELECT EXISTS (SELECT FROM account), EXISTS (SELECT FROM deleted)";

impl QueryFragment<Pg> for Own<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut statement = Statement::new(OWN, &mut out);
        statement.bind::<sql_types::Uuid, _>(&self.account)?;
        statement.bind::<sql_types::Uuid, _>(&self.by)?;
        statement.bind::<Timestamptz, _>(&self.now)?;
        statement.bind::<Text, _>(self.hash)?;
        statement.bind::<Bool, _>(&self.is_kept)?;
        statement.bind::<Text, _>(self.kind)?;
        self.occurrence.bind_origin(&mut statement)?;
        statement.end();
        Ok(())
    }
}

impl Query for Own<'_> {
    type SqlType = (Bool, Bool);
}

impl QueryId for Own<'_> {
    type QueryId = Own<'static>;
}
