//! Ending all sessions of an account at once: its generation is raised, however many there are. What that means for each of them is
//! written down later.
//!
//! Whoever does so locks first the account, then the session that asks.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, BigInt, Nullable, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::end::Asking;
use crate::audit::Kind;
use crate::audit::store::Occurrence;
use crate::clock::Timestamp;
use crate::db::{Connection, Statement};
use crate::error::Error;
use crate::sessions::Ending;

/// Ends all sessions of the account but the one that asks. `Some(None)` if there is no other; `None` if the one that asks has ended.
pub(crate) async fn end_others(
    connection: &mut Connection,
    asking: &Asking<'_>,
    now: Timestamp,
) -> Result<Option<Option<Ending>>, Error> {
    let occurrence = Occurrence::new(Kind::SessionRevoked, asking.client, now);
    let others = Others { account: asking.account.0, by: asking.by.0, now, occurrence };
    let raised = others.get_result::<Option<i64>>(connection).await.optional()?;
    let ending = |generation| Ending { account: asking.account, generation, at: now };
    Ok(raised.map(|generation| generation.map(ending)))
}

struct Others<'a> {
    account: Uuid,
    by: Uuid,
    now: Timestamp,
    occurrence: Occurrence<'a>,
}

const OTHERS: &str = "
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::timestamptz AS now,
        $4::text AS user_agent, $5::inet AS ip_address, $6::text AS request_id
),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
asking AS (
    SELECT s.* FROM account, given, sessions s
    WHERE s.id = given.by AND s.account_id = account.id AND s.revoked_at IS NULL AND s.expires_at > given.now FOR NO KEY UPDATE OF s
),
living AS (
    SELECT account.* FROM account, asking WHERE asking.generation >= account.session_generation
),
raised AS (
    UPDATE accounts SET session_generation = accounts.session_generation + 1 FROM living
    WHERE accounts.id = living.id AND EXISTS (
        SELECT FROM sessions other, given WHERE other.account_id = living.id
            AND other.generation = living.session_generation AND other.revoked_at IS NULL AND other.id <> given.by
    )
    RETURNING accounts.id, accounts.session_generation
),
kept AS (
    UPDATE sessions SET generation = raised.session_generation FROM raised, given WHERE sessions.id = given.by
),
noted AS (
    INSERT INTO session_endings (account_id, generation, ended_at, kept_session_id, user_agent, ip_address, request_id)
    SELECT raised.id, raised.session_generation, now, by, user_agent, ip_address, request_id FROM raised, given
)
SELECT (SELECT session_generation FROM raised) FROM living";

impl QueryFragment<Pg> for Others<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut statement = Statement::new(OTHERS, &mut out);
        statement.bind::<sql_types::Uuid, _>(&self.account)?;
        statement.bind::<sql_types::Uuid, _>(&self.by)?;
        statement.bind::<Timestamptz, _>(&self.now)?;
        self.occurrence.bind_origin(&mut statement)?;
        statement.end();
        Ok(())
    }
}

impl Query for Others<'_> {
    type SqlType = Nullable<BigInt>;
}

impl QueryId for Others<'_> {
    type QueryId = Others<'static>;
}
