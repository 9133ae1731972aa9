//! Creating accounts.

use diesel::QueryResult;
use uuid::Uuid;

use crate::accounts::{NameTaken, NewAccount, Username};
use crate::clock::Timestamp;
use crate::db::{Connection, Run, statement, violated_constraint};
use crate::error::Error;
use crate::passwords::PasswordHash;

/// Creates an account that has no session yet.
pub(crate) async fn create(connection: &mut Connection, account: &NewAccount) -> Result<Result<(), NameTaken>, Error> {
    let creating = Creating {
        id: account.id.0,
        email: account.email.as_str(),
        email_verified_at: account.email_verified_at,
        username: account.username.as_ref().map(Username::as_str),
        hash: account.password.as_ref().map(PasswordHash::as_str),
        now: account.created_at,
    };
    Ok(unless_taken(creating.run(connection).await)?.map(|_| ()))
}

/// What was written. Distinguishes an e-mail address or username that another account has from other errors.
#[track_caller]
pub(crate) fn unless_taken<T>(written: QueryResult<T>) -> Result<Result<T, NameTaken>, Error> {
    match written {
        Ok(value) => Ok(Ok(value)),
        Err(error) => match violated_constraint(&error) {
            Some("accounts_email_key") => Ok(Err(NameTaken::Email)),
            Some("accounts_username_key") => Ok(Err(NameTaken::Username)),
            _ => Err(error.into()),
        },
    }
}

statement! {
    struct Creating<'a> = "create.sql" {
        id: Uuid,
        email: &'a str,
        email_verified_at: Option<Timestamp>,
        username: Option<&'a str>,
        hash: Option<&'a str>,
        now: Timestamp,
    }
}
