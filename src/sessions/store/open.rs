//! Opening sessions.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, Array, BigInt, Inet, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use ipnetwork::IpNetwork;
use uuid::Uuid;

use super::account::{AccountValues, unless_taken};
use crate::accounts::{Account, NameTaken, NewAccount};
use crate::audit::Kind;
use crate::audit::store::Occurrence;
use crate::clock::Timestamp;
use crate::db::Connection;
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::passwords::PasswordHash;
use crate::sessions::{NewSession, Session};

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
/// Ends the least used of the account's other sessions that are too many.
pub(crate) async fn open(
    connection: &mut Connection,
    verified: &Verified,
    session: NewSession,
    bound: &Bound,
) -> Result<Option<OpenedSession>, Error> {
    let occurrence = Occurrence::new(Kind::LoggedIn, &session.client, session.created_at);
    let made_room = Occurrence::new(Kind::SessionRevoked, &session.client, session.created_at);
    let opening = Opening { verified, session: SessionValues::from(&session), bound, occurrence, made_room };
    let opened = opening.get_result::<(i64, Vec<Uuid>)>(connection).await.optional()?;
    Ok(opened.map(|(generation, ended)| OpenedSession {
        session: new_session(session, verified.account, generation),
        ended: ended.into_iter().map(SessionId).collect(),
    }))
}

/// How many sessions an account may have, of those that were used since then.
pub(crate) struct Bound {
    pub(crate) most: i64,
    pub(crate) unused_since: Timestamp,
}

/// A session that was opened, and those that made room for it.
pub(crate) struct OpenedSession {
    pub(crate) session: Session,
    pub(crate) ended: Vec<SessionId>,
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
    /// The table expression `session`: inserts it for the `id` in the table expression `account`.
    fn insert<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            ", session AS (INSERT INTO sessions \
             (id, account_id, generation, created_at, last_used_at, expires_at, user_agent, ip_address) SELECT ",
        );
        out.push_bind_param::<sql_types::Uuid, _>(&self.id)?;
        out.push_sql(", id, session_generation, ");
        out.push_bind_param::<Timestamptz, _>(&self.created_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Timestamptz, _>(&self.created_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Timestamptz, _>(&self.expires_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.user_agent)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Inet>, _>(&self.ip_address)?;
        out.push_sql(" FROM account RETURNING account_id, id, generation) ");
        Ok(())
    }
}

struct Opening<'a> {
    verified: &'a Verified,
    session: SessionValues<'a>,
    bound: &'a Bound,
    occurrence: Occurrence<'a>,
    made_room: Occurrence<'a>,
}

/// What an event of a new session is about.
const OF_SESSION: &str = "account_id, id FROM session";

impl QueryFragment<Pg> for Opening<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH account AS (SELECT id, session_generation FROM accounts WHERE id = ");
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
        self.session.insert(&mut out)?;
        out.push_sql(
            ", room AS MATERIALIZED (SELECT ended.* FROM session, LATERAL portcullis_make_room(\
             session.account_id, session.generation, session.id, ",
        );
        out.push_bind_param::<BigInt, _>(&self.bound.most)?;
        out.push_sql(", ");
        out.push_bind_param::<Timestamptz, _>(&self.session.created_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Timestamptz, _>(&self.bound.unused_since)?;
        out.push_sql(") ended), made_room AS (");
        self.made_room.walk("account_id, id FROM room", &mut out)?;
        out.push_sql("), recorded AS (");
        self.occurrence.walk(OF_SESSION, &mut out)?;
        out.push_sql(") SELECT generation, ARRAY(SELECT id FROM room) FROM session");
        Ok(())
    }
}

impl Query for Opening<'_> {
    type SqlType = (BigInt, Array<sql_types::Uuid>);
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
) -> Result<Result<(Account, Session), NameTaken>, Error> {
    let occurrence = Occurrence::new(Kind::Registered, &session.client, session.created_at);
    let values = AccountValues::from(&account);
    let registration = Registration { account: values, session: SessionValues::from(&session), occurrence };
    Ok(unless_taken(registration.execute(connection).await)?.map(|()| {
        let session = new_session(session, account.id, 0);
        (new_account(account), session)
    }))
}

struct Registration<'a> {
    account: AccountValues<'a>,
    session: SessionValues<'a>,
    occurrence: Occurrence<'a>,
}

impl QueryFragment<Pg> for Registration<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH ");
        self.account.walk(&mut out)?;
        self.session.insert(&mut out)?;
        self.occurrence.walk(OF_SESSION, &mut out)
    }
}

impl QueryId for Registration<'_> {
    type QueryId = Registration<'static>;
}

fn new_session(new: NewSession, account_id: AccountId, generation: i64) -> Session {
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
        generation,
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
        session_generation: 0,
    }
}
