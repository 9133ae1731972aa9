//! What operators do with accounts, by a command or by an API.

use crate::accounts::{Designation, NewAccount, store};
use crate::app::Operator;
use crate::clock::new_id;
use crate::error::Error;
use crate::ids::AccountId;
use crate::passwords::{FirstGuesses, Weakness};

pub use crate::accounts::{Fault, NameTaken, Registration};

/// The outcome of creating an account.
#[derive(Debug)]
pub enum Created {
    /// The account was created. It has no session.
    Done(AccountId),
    /// Another account has the e-mail address or the username.
    Taken(NameTaken),
    /// These parts of the input are not valid.
    Invalid(Vec<Fault>),
    /// The password is easily guessed.
    Weak(Weakness),
}

/// The outcome of disabling or enabling an account.
#[derive(Debug)]
pub enum Switched {
    /// The account was disabled or enabled.
    Done(AccountId),
    /// The account was in that state before.
    Already(AccountId),
    /// There is no such account.
    Unknown,
}

/// The outcome of restoring a deleted account.
#[derive(Debug)]
pub enum Restored {
    /// The account was restored. It has no session.
    Done(AccountId),
    /// Another account has the e-mail address or the username now.
    Taken(NameTaken),
    /// No deleted account with this name is kept.
    Unknown,
}

/// Creates an account by the rules of a registration, even where registration is closed. Its address counts as proven.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn create(operator: &Operator<'_>, typed: Registration) -> Result<Created, Error> {
    let context = FirstGuesses::new(&typed.email, typed.username.as_deref());
    let (email, username, password) = match typed.read() {
        Ok(parts) => parts,
        Err(faults) => return Ok(Created::Invalid(faults)),
    };
    let hash = match operator.hash(password, context).await? {
        Ok(hash) => hash,
        Err(weakness) => return Ok(Created::Weak(weakness)),
    };
    let now = operator.clock.now();
    let account = NewAccount {
        id: AccountId(new_id(now)),
        email,
        // The operator says whose address it is. A reset by a mail then asks for the second factor.
        email_verified_at: Some(now),
        username,
        password: Some(hash),
        created_at: now,
    };
    let created = operator.db.run(async |connection| store::create(connection, &account).await).await?;
    Ok(match created {
        Ok(()) => Created::Done(account.id),
        Err(taken) => Created::Taken(taken),
    })
}

/// Disables an account if `enabled` is false: from then on no instance accepts its password or its tokens. Otherwise
/// enables it again. Its sessions have ended in either case.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn set_enabled(operator: &Operator<'_>, typed: &str, enabled: bool) -> Result<Switched, Error> {
    let Some(designation) = Designation::parse(typed) else { return Ok(Switched::Unknown) };
    let now = operator.clock.now();
    let found =
        operator.db.run(async |connection| store::set_enabled(connection, &designation, enabled, now).await).await?;
    if let Some((id, true)) = found {
        operator.all_ended(id);
    }
    Ok(match found {
        Some((id, true)) => Switched::Done(id),
        Some((id, false)) => Switched::Already(id),
        None => Switched::Unknown,
    })
}

/// Ends all sessions of an account. Returns the account's id, if there is such an account.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn sign_out(operator: &Operator<'_>, typed: &str) -> Result<Option<AccountId>, Error> {
    let Some(designation) = Designation::parse(typed) else { return Ok(None) };
    let now = operator.clock.now();
    let ended = operator.db.run(async |connection| store::sign_out(connection, &designation, now).await).await?;
    if let Some(id) = ended {
        operator.all_ended(id);
    }
    Ok(ended)
}

/// Deletes an account, as its owner could. Returns the account's id, if there was such an account.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn delete(operator: &Operator<'_>, typed: &str) -> Result<Option<AccountId>, Error> {
    let Some(designation) = Designation::parse(typed) else { return Ok(None) };
    let (kept, now) = (operator.config.deleted_accounts_kept, operator.clock.now());
    let ended = operator.db.run(async |connection| store::delete(connection, &designation, kept, now).await).await?;
    if let Some(id) = ended {
        operator.all_ended(id);
    }
    Ok(ended)
}

/// Restores the account that was last deleted under this name or id, if it is still kept and its names are free.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn restore(operator: &Operator<'_>, typed: &str) -> Result<Restored, Error> {
    let Some(designation) = Designation::parse(typed) else { return Ok(Restored::Unknown) };
    let (kept, now) = (operator.config.deleted_accounts_kept, operator.clock.now());
    let restored =
        operator.db.run(async |connection| store::restore(connection, &designation, kept, now).await).await?;
    Ok(match restored {
        Ok(Some(id)) => Restored::Done(id),
        Ok(None) => Restored::Unknown,
        Err(taken) => Restored::Taken(taken),
    })
}
