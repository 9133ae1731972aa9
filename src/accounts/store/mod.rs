//! Queries on accounts. The unique indexes fold case with the collation `C`, and so do these.

mod delete;
mod operate;
mod remove;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{self, Bool, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Account, Designation, EmailAddress, Identifier, NameTaken, Username};
use crate::clock::Timestamp;
use crate::db::schema::accounts;
use crate::db::statement::Columns;
use crate::db::{Connection, row};
use crate::error::Error;
use crate::ids::AccountId;
use crate::limits::store::{TAKEN, TakenColumns, TakenRow};
use crate::limits::{Attempt, Decision};
use crate::passwords::{PasswordHash, StoredPassword};

pub(crate) use delete::{Deleted, Deletion, delete_own};
pub(crate) use operate::{delete, restore, sign_out};
pub(crate) use remove::{Due, next_due, remove};

row! {
    /// An account's row, without its password.
    #[derive(Selectable)]
    #[diesel(table_name = accounts, check_for_backend(diesel::pg::Pg))]
    pub(crate) struct AccountRow {
        id: Uuid,
        email: String,
        username: Option<String>,
        roles: Vec<Option<String>>,
        created_at: Timestamp,
        disabled_at: Option<Timestamp>,
        session_generation: i64,
    }
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self {
            id: AccountId(row.id),
            email: row.email,
            username: row.username,
            roles: row.roles.into_iter().flatten().collect(),
            created_at: row.created_at,
            disabled_at: row.disabled_at,
            session_generation: row.session_generation,
        }
    }
}

/// An account, and its password if it has one.
pub(crate) struct Found {
    pub(crate) account: Account,
    pub(crate) password: Option<StoredPassword>,
}

/// Takes what the attempt takes, and finds the account that is meant, with its password: also where the attempt is refused. One
/// statement, the same whether there is such an account or not.
pub(crate) async fn find(
    connection: &mut Connection,
    designation: Option<&Designation>,
    attempt: &Attempt,
) -> Result<(Decision, Option<Found>), Error> {
    type Row = (TakenRow, Option<(AccountRow, String, Timestamp)>);
    let (email, username) = match designation {
        Some(Designation::Identifier(Identifier::Email(email))) => (Some(email.folded()), None),
        Some(Designation::Identifier(Identifier::Username(username))) => (None, Some(username.folded())),
        Some(Designation::Id(_)) | None => (None, None),
    };
    let (taken, found) = match designation {
        Some(Designation::Id(id)) => FindingById { attempt, id: id.0 }.get_result::<Row>(connection).await?,
        _ => Finding { attempt, email, username }.get_result::<Row>(connection).await?,
    };
    let found = found.map(|(row, hash, changed_at)| {
        let password = Some(StoredPassword { hash: PasswordHash::new(hash), changed_at });
        Found { account: row.into(), password }
    });
    Ok((attempt.read(taken), found))
}

struct Finding<'a> {
    attempt: &'a Attempt,
    email: Option<String>,
    username: Option<String>,
}

impl QueryFragment<Pg> for Finding<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_sql(TAKEN);
        out.push_sql(
            ", id, email, username, roles, created_at, disabled_at, session_generation, password_hash, \
             coalesce(password_changed_at, created_at) FROM ",
        );
        self.attempt.walk(&mut out)?;
        out.push_sql(" LEFT JOIN accounts ON lower(email COLLATE \"C\") = ");
        out.push_bind_param::<Nullable<Text>, _>(&self.email)?;
        out.push_sql(" OR lower(username COLLATE \"C\") = ");
        out.push_bind_param::<Nullable<Text>, _>(&self.username)?;
        Ok(())
    }
}

/// The columns of an [`AccountRow`].
pub(crate) type AccountColumns = <AccountRow as Columns>::Sql;

impl Query for Finding<'_> {
    type SqlType = (TakenColumns, Nullable<(AccountColumns, Text, Timestamptz)>);
}

impl QueryId for Finding<'_> {
    type QueryId = Finding<'static>;
}

struct FindingById<'a> {
    attempt: &'a Attempt,
    id: Uuid,
}

impl QueryFragment<Pg> for FindingById<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_sql(TAKEN);
        out.push_sql(
            ", id, email, username, roles, created_at, disabled_at, session_generation, password_hash, \
             coalesce(password_changed_at, created_at) FROM ",
        );
        self.attempt.walk(&mut out)?;
        out.push_sql(" LEFT JOIN accounts ON id = ");
        out.push_bind_param::<sql_types::Uuid, _>(&self.id)?;
        Ok(())
    }
}

impl Query for FindingById<'_> {
    type SqlType = (TakenColumns, Nullable<(AccountColumns, Text, Timestamptz)>);
}

impl QueryId for FindingById<'_> {
    type QueryId = FindingById<'static>;
}

/// Takes what the attempt takes, and tells what of these two somebody has already, the e-mail address first.
pub(crate) async fn find_taken(
    connection: &mut Connection,
    email: &EmailAddress,
    username: Option<&Username>,
    attempt: &Attempt,
) -> Result<(Decision, Option<NameTaken>), Error> {
    let finding = FindingTaken { attempt, email: email.folded(), username: username.map(Username::folded) };
    let (taken, email, username) = finding.get_result::<(TakenRow, bool, bool)>(connection).await?;
    let there = match (email, username) {
        (true, _) => Some(NameTaken::Email),
        (false, true) => Some(NameTaken::Username),
        (false, false) => None,
    };
    Ok((attempt.read(taken), there))
}

struct FindingTaken<'a> {
    attempt: &'a Attempt,
    email: String,
    username: Option<String>,
}

impl QueryFragment<Pg> for FindingTaken<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_sql(TAKEN);
        out.push_sql(", EXISTS (SELECT FROM accounts WHERE lower(email COLLATE \"C\") = ");
        out.push_bind_param::<Text, _>(&self.email)?;
        out.push_sql("), EXISTS (SELECT FROM accounts WHERE lower(username COLLATE \"C\") = ");
        out.push_bind_param::<Nullable<Text>, _>(&self.username)?;
        out.push_sql(") FROM ");
        self.attempt.walk(&mut out)
    }
}

impl Query for FindingTaken<'_> {
    type SqlType = (TakenColumns, Bool, Bool);
}

impl QueryId for FindingTaken<'_> {
    type QueryId = FindingTaken<'static>;
}
