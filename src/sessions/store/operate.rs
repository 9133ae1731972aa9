//! What operators do to accounts, beside shutting them out.

use std::time::Duration;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, Double, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::accounts::{Designation, Identifier, NameTaken};
use crate::audit::Kind;
use crate::clock::Timestamp;
use crate::db::{Connection, Statement, violated_constraint};
use crate::error::Error;
use crate::ids::AccountId;

/// An account, as an operator calls it.
struct Called {
    id: Option<Uuid>,
    email: Option<String>,
    username: Option<String>,
}

impl From<&Designation> for Called {
    fn from(designation: &Designation) -> Self {
        let (id, email, username) = match designation {
            Designation::Id(id) => (Some(id.0), None, None),
            Designation::Identifier(known @ Identifier::Email(_)) => (None, Some(known.folded()), None),
            Designation::Identifier(known @ Identifier::Username(_)) => (None, None, Some(known.folded())),
        };
        Self { id, email, username }
    }
}

/// Ends all sessions of an account. Returns which it is, if there is one.
pub(crate) async fn sign_out(
    connection: &mut Connection,
    designation: &Designation,
    now: Timestamp,
) -> Result<Option<AccountId>, Error> {
    let done = Doing { text: SIGNING_OUT, called: designation.into(), now, kept: 0.0, kind: Kind::AccountSignedOut };
    Ok(done.get_result::<Uuid>(connection).await.optional()?.map(AccountId))
}

/// Deletes an account, also one that is disabled. Returns which it was, if there was one. It may be restored while it
/// is `kept`, if that is any time.
pub(crate) async fn delete(
    connection: &mut Connection,
    designation: &Designation,
    kept: Duration,
    now: Timestamp,
) -> Result<Option<AccountId>, Error> {
    let done =
        Doing { text: DELETING, called: designation.into(), now, kept: kept.as_secs_f64(), kind: Kind::AccountDeleted };
    Ok(done.get_result::<Uuid>(connection).await.optional()?.map(AccountId))
}

/// Gives the account that was last deleted under this designation its names back, if nobody else has them. Returns which it is, if
/// there is one that was kept.
pub(crate) async fn restore(
    connection: &mut Connection,
    designation: &Designation,
    kept: Duration,
    now: Timestamp,
) -> Result<Result<Option<AccountId>, NameTaken>, Error> {
    let done = Doing {
        text: RESTORING,
        called: designation.into(),
        now,
        kept: kept.as_secs_f64(),
        kind: Kind::AccountRestored,
    };
    match done.get_result::<Uuid>(connection).await.optional() {
        Ok(id) => Ok(Ok(id.map(AccountId))),
        Err(error) => match violated_constraint(&error) {
            Some("accounts_email_key") => Ok(Err(NameTaken::Email)),
            Some("accounts_username_key") => Ok(Err(NameTaken::Username)),
            _ => Err(error.into()),
        },
    }
}

struct Doing {
    text: &'static str,
    called: Called,
    now: Timestamp,
    kept: f64,
    kind: Kind,
}

const SIGNING_OUT: &str = "
WITH given AS (
    SELECT $1::uuid AS id, $2::text AS email, $3::text AS username, $4::timestamptz AS now, $5::float8 AS kept, $6::text AS kind
),
raised AS (
    UPDATE accounts a SET session_generation = session_generation + 1 FROM given
    WHERE (a.id = given.id OR lower(a.email COLLATE \"C\") = given.email OR lower(a.username COLLATE \"C\") = given.username)
        AND deleted_at IS NULL
    RETURNING a.id, a.session_generation
),
noted AS (
    INSERT INTO session_endings (account_id, generation, ended_at) SELECT raised.id, session_generation, now FROM raised, given
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, account_id)
    SELECT portcullis_event_id(now), now, kind, raised.id FROM raised, given
)
SELECT id FROM raised";

const DELETING: &str = "
WITH given AS (
    SELECT $1::uuid AS id, $2::text AS email, $3::text AS username, $4::timestamptz AS now, $5::float8 AS kept, $6::text AS kind
),
deleted AS (
    UPDATE accounts a SET disabled_at = coalesce(disabled_at, now), deleted_at = now,
        deleted_email = CASE WHEN kept > 0 THEN a.email END, deleted_username = CASE WHEN kept > 0 THEN a.username END,
        email = 'deleted ' || a.id, username = NULL, password_hash = CASE WHEN kept > 0 THEN password_hash ELSE '' END,
        session_generation = session_generation + 1
    FROM given
    WHERE (a.id = given.id OR lower(a.email COLLATE \"C\") = given.email OR lower(a.username COLLATE \"C\") = given.username)
        AND deleted_at IS NULL
    RETURNING a.id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, account_id)
    SELECT portcullis_event_id(now), now, kind, deleted.id FROM deleted, given
)
SELECT id FROM deleted";

// Who was shut out before being deleted stays so.
const RESTORING: &str = "
WITH given AS (
    SELECT $1::uuid AS id, $2::text AS email, $3::text AS username, $4::timestamptz AS now, $5::float8 AS kept, $6::text AS kind
),
found AS (
    SELECT a.id FROM accounts a, given
    WHERE (a.id = given.id OR lower(deleted_email COLLATE \"C\") = given.email
            OR lower(deleted_username COLLATE \"C\") = given.username)
        AND deleted_at > least(now, clock_timestamp()) - make_interval(secs => kept) AND deleted_email IS NOT NULL
    ORDER BY deleted_at DESC LIMIT 1 FOR NO KEY UPDATE OF a
),
restored AS (
    UPDATE accounts a SET email = deleted_email, username = deleted_username,
        disabled_at = CASE WHEN disabled_at < deleted_at THEN disabled_at END,
        deleted_at = NULL, deleted_email = NULL, deleted_username = NULL
    FROM found WHERE a.id = found.id RETURNING a.id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, account_id)
    SELECT portcullis_event_id(now), now, kind, restored.id FROM restored, given
)
SELECT id FROM restored";

impl QueryFragment<Pg> for Doing {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // The type does not tell which of the texts it is.
        out.unsafe_to_cache_prepared();
        let mut statement = Statement::new(self.text, &mut out);
        statement.bind::<Nullable<sql_types::Uuid>, _>(&self.called.id)?;
        statement.bind::<Nullable<Text>, _>(&self.called.email)?;
        statement.bind::<Nullable<Text>, _>(&self.called.username)?;
        statement.bind::<Timestamptz, _>(&self.now)?;
        statement.bind::<Double, _>(&self.kept)?;
        statement.bind::<Text, _>(self.kind.as_str())?;
        statement.end();
        Ok(())
    }
}

impl Query for Doing {
    type SqlType = sql_types::Uuid;
}

impl QueryId for Doing {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}
