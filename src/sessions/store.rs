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

/// Opens a session, if the account is still enabled and its password still the one of `verified`: a password changed, or an
/// account disabled, while a login was hashing wins.
pub(crate) async fn open(
    connection: &mut Connection,
    account: AccountId,
    verified: &PasswordHash,
    new: &NewSession,
) -> Result<Option<Session>, Error> {
    let values = accounts::table
        .filter(accounts::id.eq(account.0))
        .filter(accounts::password_hash.eq(verified.as_str()))
        .filter(accounts::disabled_at.is_null())
        .select((
            new.id.0.into_sql::<sql_types::Uuid>(),
            accounts::id,
            new.created_at.into_sql::<Timestamptz>(),
            new.created_at.into_sql::<Timestamptz>(),
            new.expires_at.into_sql::<Timestamptz>(),
            new.client.user_agent().into_sql::<Nullable<Text>>(),
            new.client.ip_address.map(IpNetwork::from).into_sql::<Nullable<Inet>>(),
        ));
    let row = values
        .insert_into(sessions::table)
        .into_columns((
            sessions::id,
            sessions::account_id,
            sessions::created_at,
            sessions::last_used_at,
            sessions::expires_at,
            sessions::user_agent,
            sessions::ip_address,
        ))
        .returning(SessionRow::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    Ok(row.map(Into::into))
}

/// Registers an account and opens its first session: both or, when another has its e-mail address or username, neither. One
/// statement, so one round trip, and of two registrations at once one wins.
pub(crate) async fn open_with_account(
    connection: &mut Connection,
    account: NewAccount,
    session: NewSession,
) -> Result<Result<(Account, Session), Taken>, Error> {
    let registration = Registration {
        account: &account,
        session: &session,
        username: account.username.as_ref().map(Username::as_str),
        user_agent: session.client.user_agent(),
        ip_address: session.client.ip_address.map(IpNetwork::from),
    };
    match registration.execute(connection).await {
        Ok(_) => Ok(Ok(opened(account, session))),
        Err(error) => match violated_constraint(&error) {
            Some("accounts_email_key") => Ok(Err(Taken::Email)),
            Some("accounts_username_key") => Ok(Err(Taken::Username)),
            _ => Err(error.into()),
        },
    }
}

/// A statement that diesel has no words for. Written as a query of its own, it is prepared once a connection.
struct Registration<'a> {
    account: &'a NewAccount,
    session: &'a NewSession,
    username: Option<&'a str>,
    user_agent: Option<&'a str>,
    ip_address: Option<IpNetwork>,
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
        out.push_sql(") RETURNING id, created_at) INSERT INTO sessions ");
        out.push_sql("(id, account_id, created_at, last_used_at, expires_at, user_agent, ip_address) SELECT ");
        out.push_bind_param::<sql_types::Uuid, _>(&self.session.id.0)?;
        out.push_sql(", id, created_at, created_at, ");
        out.push_bind_param::<Timestamptz, _>(&self.session.expires_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.user_agent)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Inet>, _>(&self.ip_address)?;
        out.push_sql(" FROM account");
        Ok(())
    }
}

impl QueryId for Registration<'_> {
    type QueryId = Registration<'static>;
}

fn opened(account: NewAccount, session: NewSession) -> (Account, Session) {
    let opened = Session {
        id: session.id,
        account_id: account.id,
        refresh_counter: 1,
        created_at: session.created_at,
        last_used_at: session.created_at,
        expires_at: session.expires_at,
        revoked_at: None,
        user_agent: session.client.user_agent().map(str::to_owned),
        ip_address: session.client.ip_address,
    };
    let account = Account {
        id: account.id,
        email: account.email.as_str().to_owned(),
        username: account.username.map(|username| username.as_str().to_owned()),
        roles: Vec::new(),
        created_at: account.created_at,
        disabled_at: None,
    };
    (account, opened)
}

/// Ends those of the sessions that are active. Returns how many.
pub(crate) async fn revoke(connection: &mut Connection, ids: &[SessionId], now: Timestamp) -> Result<usize, Error> {
    let ids = ids.iter().map(|id| id.0).collect();
    Ok(Revocation { ids, now }.execute(connection).await?)
}

/// An update in diesel's words would be prepared anew each time, which costs a round trip.
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
