//! Making accounts, and what operators do to them.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, Bool, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::accounts::{Designation, Identifier, NameTaken, NewAccount, Username};
use crate::audit::Kind;
use crate::audit::store::Occurrence;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, violated_constraint};
use crate::error::Error;
use crate::ids::AccountId;

/// A new account's columns, as they are bound.
pub(super) struct AccountValues<'a> {
    account: &'a NewAccount,
    username: Option<&'a str>,
}

impl<'a> From<&'a NewAccount> for AccountValues<'a> {
    fn from(account: &'a NewAccount) -> Self {
        Self { account, username: account.username.as_ref().map(Username::as_str) }
    }
}

impl AccountValues<'_> {
    /// The table expression `account`: inserts it and has its `id`.
    pub(super) fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("account AS (INSERT INTO accounts (id, email, username, password_hash, created_at) VALUES (");
        out.push_bind_param::<sql_types::Uuid, _>(&self.account.id.0)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.account.email.as_str())?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.username)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.account.password_hash.as_str())?;
        out.push_sql(", ");
        out.push_bind_param::<Timestamptz, _>(&self.account.created_at)?;
        out.push_sql(") RETURNING id, session_generation)");
        Ok(())
    }
}

/// Tells an e-mail address or username that another has from what else may fail.
pub(super) fn unless_taken(inserted: QueryResult<usize>) -> Result<Result<(), NameTaken>, Error> {
    match inserted {
        Ok(_) => Ok(Ok(())),
        Err(error) => match violated_constraint(&error) {
            Some("accounts_email_key") => Ok(Err(NameTaken::Email)),
            Some("accounts_username_key") => Ok(Err(NameTaken::Username)),
            _ => Err(error.into()),
        },
    }
}

/// Makes an account that has no session yet.
pub(crate) async fn create(connection: &mut Connection, account: &NewAccount) -> Result<Result<(), NameTaken>, Error> {
    let nobody = Client::default();
    let occurrence = Occurrence::new(Kind::Registered, &nobody, account.created_at);
    unless_taken(Creating { account: account.into(), occurrence }.execute(connection).await)
}

struct Creating<'a> {
    account: AccountValues<'a>,
    occurrence: Occurrence<'a>,
}

impl QueryFragment<Pg> for Creating<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH ");
        self.account.walk(&mut out)?;
        out.push_sql(" ");
        self.occurrence.walk("id, NULL::uuid FROM account", &mut out)
    }
}

impl QueryId for Creating<'_> {
    type QueryId = Creating<'static>;
}

/// Shuts an account out, or lets it in again. Returns which account it is, if there is one, and whether that was not so before.
pub(crate) async fn set_enabled(
    connection: &mut Connection,
    designation: &Designation,
    enabled: bool,
    now: Timestamp,
) -> Result<Option<(AccountId, bool)>, Error> {
    let nobody = Client::default();
    let kind = if enabled { Kind::AccountEnabled } else { Kind::AccountDisabled };
    let (id, email, username) = match designation {
        Designation::Id(id) => (Some(id.0), None, None),
        Designation::Identifier(known @ Identifier::Email(_)) => (None, Some(known.folded()), None),
        Designation::Identifier(known @ Identifier::Username(_)) => (None, None, Some(known.folded())),
    };
    let disabled_at = (!enabled).then_some(now);
    let occurrence = Occurrence::new(kind, &nobody, now);
    let switching = Switching { id, email, username, enabled, disabled_at, occurrence };
    let found = switching.get_result::<(Uuid, bool)>(connection).await.optional()?;
    Ok(found.map(|(id, changed)| (AccountId(id), changed)))
}

struct Switching<'a> {
    id: Option<Uuid>,
    email: Option<String>,
    username: Option<String>,
    enabled: bool,
    disabled_at: Option<Timestamp>,
    occurrence: Occurrence<'a>,
}

impl QueryFragment<Pg> for Switching<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH found AS (SELECT id, disabled_at FROM accounts WHERE deleted_at IS NULL AND (id = ");
        out.push_bind_param::<Nullable<sql_types::Uuid>, _>(&self.id)?;
        out.push_sql(" OR lower(email COLLATE \"C\") = ");
        out.push_bind_param::<Nullable<Text>, _>(&self.email)?;
        out.push_sql(" OR lower(username COLLATE \"C\") = ");
        out.push_bind_param::<Nullable<Text>, _>(&self.username)?;
        out.push_sql(") FOR NO KEY UPDATE), changed AS (UPDATE accounts SET disabled_at = ");
        out.push_bind_param::<Nullable<Timestamptz>, _>(&self.disabled_at)?;
        out.push_sql(" FROM found WHERE accounts.id = found.id AND (found.disabled_at IS NOT NULL) = ");
        out.push_bind_param::<Bool, _>(&self.enabled)?;
        out.push_sql(" RETURNING accounts.id), told AS (");
        self.occurrence.walk("id, NULL::uuid FROM changed", &mut out)?;
        out.push_sql(") SELECT id, EXISTS (SELECT FROM changed) FROM found");
        Ok(())
    }
}

impl Query for Switching<'_> {
    type SqlType = (sql_types::Uuid, Bool);
}

impl QueryId for Switching<'_> {
    type QueryId = Switching<'static>;
}
