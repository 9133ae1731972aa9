//! Queries on sessions.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{self, Array, Inet, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use ipnetwork::IpNetwork;
use uuid::Uuid;

use super::{NewSession, Session, SessionId};
use crate::accounts::store::AccountRow;
use crate::accounts::{Account, AccountId, NewAccount, Taken, Username};
use crate::clock::Timestamp;
use crate::db::schema::{accounts, sessions};
use crate::db::{Connection, violated_constraint};
use crate::error::Error;
use crate::passwords::PasswordHash;

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(diesel::pg::Pg))]
struct SessionRow {
    id: Uuid,
    account_id: Uuid,
    refresh_counter: i64,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
    revoked_at: Option<Timestamp>,
    user_agent: Option<String>,
    ip_address: Option<IpNetwork>,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            id: SessionId(row.id),
            account_id: AccountId(row.account_id),
            refresh_counter: row.refresh_counter,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            user_agent: row.user_agent,
            ip_address: row.ip_address.map(|network| network.ip()),
        }
    }
}

/// The session and its account, in whatever state they are.
pub(crate) async fn find_with_account(
    connection: &mut Connection,
    id: SessionId,
) -> Result<Option<(Session, Account)>, Error> {
    let row = sessions::table
        .inner_join(accounts::table)
        .filter(sessions::id.eq(id.0))
        .select((SessionRow::as_select(), AccountRow::as_select()))
        .first::<(SessionRow, AccountRow)>(connection)
        .await
        .optional()?;
    Ok(row.map(|(session, account)| (session.into(), account.into())))
}

/// An account whose password was compared and found right.
pub(crate) struct Verified {
    pub(crate) account: AccountId,
    /// The hash that it was compared with.
    pub(crate) hash: PasswordHash,
    /// What takes that one's place, if it is too weak.
    pub(crate) stronger: Option<PasswordHash>,
}

/// Opens a session, if the account is still enabled and its password's hash still the one that was compared: a password
/// changed, or an account disabled, in the meantime wins. The account's row is locked, so a change under way is waited for.
pub(crate) async fn open(
    connection: &mut Connection,
    verified: &Verified,
    session: NewSession,
) -> Result<Option<Session>, Error> {
    let opened = Opening { verified, session: SessionValues::from(&session) }.execute(connection).await?;
    Ok((opened > 0).then(|| new_session(session, verified.account)))
}

/// A session's columns, as they are bound.
struct SessionValues<'a> {
    id: Uuid,
    created_at: Timestamp,
    expires_at: Timestamp,
    user_agent: Option<&'a str>,
    ip_address: Option<IpNetwork>,
}

impl<'a> From<&'a NewSession> for SessionValues<'a> {
    fn from(new: &'a NewSession) -> Self {
        Self {
            id: new.id.0,
            created_at: new.created_at,
            expires_at: new.expires_at,
            user_agent: new.client.user_agent(),
            ip_address: new.client.ip_address.map(IpNetwork::from),
        }
    }
}

impl SessionValues<'_> {
    /// Inserts the session for the `id` in the table expression `account`.
    fn insert<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(" INSERT INTO sessions (id, account_id, created_at, last_used_at, expires_at, user_agent, ip_address) SELECT ");
        out.push_bind_param::<sql_types::Uuid, _>(&self.id)?;
        out.push_sql(", id, ");
        out.push_bind_param::<Timestamptz, _>(&self.created_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Timestamptz, _>(&self.created_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Timestamptz, _>(&self.expires_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.user_agent)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Inet>, _>(&self.ip_address)?;
        out.push_sql(" FROM account");
        Ok(())
    }
}

// Statements that diesel has no words for, or prepares anew each time, which costs a round trip. Written as queries of their
// own they are prepared once a connection; so their text must not depend on their values.

struct Opening<'a> {
    verified: &'a Verified,
    session: SessionValues<'a>,
}

impl QueryFragment<Pg> for Opening<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH account AS (SELECT id FROM accounts WHERE id = ");
        out.push_bind_param::<sql_types::Uuid, _>(&self.verified.account.0)?;
        out.push_sql(" AND password_hash = ");
        out.push_bind_param::<Text, _>(self.verified.hash.as_str())?;
        out.push_sql(" AND disabled_at IS NULL FOR NO KEY UPDATE), upgraded AS (UPDATE accounts SET password_hash = ");
        match &self.verified.stronger {
            Some(stronger) => out.push_bind_param::<Nullable<Text>, _>(stronger.as_str())?,
            None => out.push_bind_param::<Nullable<Text>, _>(NO_TEXT)?,
        }
        out.push_sql(" FROM account WHERE accounts.id = account.id AND ");
        out.push_bind_param::<sql_types::Bool, _>(if self.verified.stronger.is_some() { &true } else { &false })?;
        out.push_sql(")");
        self.session.insert(&mut out)
    }
}

const NO_TEXT: &Option<&str> = &None;

impl QueryId for Opening<'_> {
    type QueryId = Opening<'static>;
}

/// Registers an account and opens its first session: both or, when another has its e-mail address or username, neither. One
/// statement, so one round trip, and of two registrations at once one wins.
pub(crate) async fn open_with_account(
    connection: &mut Connection,
    account: NewAccount,
    session: NewSession,
) -> Result<Result<(Account, Session), Taken>, Error> {
    let username = account.username.as_ref().map(Username::as_str);
    let registration = Registration { account: &account, username, session: SessionValues::from(&session) };
    match registration.execute(connection).await {
        Ok(_) => {
            let session = new_session(session, account.id);
            Ok(Ok((new_account(account), session)))
        }
        Err(error) => match violated_constraint(&error) {
            Some("accounts_email_key") => Ok(Err(Taken::Email)),
            Some("accounts_username_key") => Ok(Err(Taken::Username)),
            _ => Err(error.into()),
        },
    }
}

struct Registration<'a> {
    account: &'a NewAccount,
    username: Option<&'a str>,
    session: SessionValues<'a>,
}

impl QueryFragment<Pg> for Registration<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH account AS (INSERT INTO accounts (id, email, username, password_hash, created_at) VALUES (");
        out.push_bind_param::<sql_types::Uuid, _>(&self.account.id.0)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.account.email.as_str())?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.username)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.account.password_hash.as_str())?;
        out.push_sql(", ");
        out.push_bind_param::<Timestamptz, _>(&self.account.created_at)?;
        out.push_sql(") RETURNING id)");
        self.session.insert(&mut out)
    }
}

impl QueryId for Registration<'_> {
    type QueryId = Registration<'static>;
}

fn new_session(new: NewSession, account_id: AccountId) -> Session {
    Session {
        id: new.id,
        account_id,
        refresh_counter: 1,
        created_at: new.created_at,
        last_used_at: new.created_at,
        expires_at: new.expires_at,
        revoked_at: None,
        user_agent: new.client.user_agent().map(str::to_owned),
        ip_address: new.client.ip_address,
    }
}

fn new_account(new: NewAccount) -> Account {
    Account {
        id: new.id,
        email: new.email.as_str().to_owned(),
        username: new.username.map(|username| username.as_str().to_owned()),
        roles: Vec::new(),
        created_at: new.created_at,
        disabled_at: None,
    }
}

/// Ends those of the sessions that are active. Returns how many.
pub(crate) async fn revoke(connection: &mut Connection, ids: &[SessionId], now: Timestamp) -> Result<usize, Error> {
    let ids = ids.iter().map(|id| id.0).collect();
    Ok(Revocation { ids, now }.execute(connection).await?)
}

struct Revocation {
    ids: Vec<Uuid>,
    now: Timestamp,
}

impl QueryFragment<Pg> for Revocation {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("UPDATE sessions SET revoked_at = ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(" WHERE revoked_at IS NULL AND expires_at > ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(" AND id = ANY(");
        out.push_bind_param::<Array<sql_types::Uuid>, _>(&self.ids)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for Revocation {
    type QueryId = Self;
}
