//! Accounts: what operators do to them, by a command or by an API.

use crate::accounts::{Designation, NewAccount};
use crate::app::Operator;
use crate::clock::new_id;
use crate::error::Error;
use crate::ids::AccountId;
use crate::passwords::{FirstGuesses, Weakness};
use crate::sessions::store;

pub use crate::accounts::{Fault, NameTaken, Registration};

/// How making an account ends.
#[derive(Debug)]
pub enum Created {
    /// The account exists. It is signed in nowhere.
    Done(AccountId),
    /// Another account has the e-mail address or the username.
    Taken(NameTaken),
    /// These parts can't be taken.
    Invalid(Vec<Fault>),
    /// The password is easily guessed.
    Weak(Weakness),
}

/// How shutting an account out, or letting it in again, ends.
#[derive(Debug)]
pub enum Switched {
    /// It was done.
    Done(AccountId),
    /// It was so before.
    Already(AccountId),
    /// There is no such account.
    Unknown,
}

/// How giving a deleted account back ends.
#[derive(Debug)]
pub enum Restored {
    /// It was done. It is signed in nowhere.
    Done(AccountId),
    /// Another account has the e-mail address or the username now.
    Taken(NameTaken),
    /// No such account was deleted, or none is kept any more.
    Unknown,
}

/// Makes an account, by the same rules as a registration, also where nobody may register.
///
/// # Errors
/// [`Error::Unavailable`] when the database is away.
pub async fn create(operator: &Operator<'_>, typed: Registration) -> Result<Created, Error> {
    let context = FirstGuesses::new(&typed.email, typed.username.as_deref());
    let (email, username, password) = match typed.read() {
        Ok(parts) => parts,
        Err(faults) => return Ok(Created::Invalid(faults)),
    };
    let password_hash = match operator.hash(password, context).await? {
        Ok(hash) => hash,
        Err(weakness) => return Ok(Created::Weak(weakness)),
    };
    let now = operator.clock.now();
    let account = NewAccount { id: AccountId(new_id(now)), email, username, password_hash, created_at: now };
    let created = operator.db.run(async |connection| store::create(connection, &account).await).await?;
    Ok(match created {
        Ok(()) => Created::Done(account.id),
        Err(taken) => Created::Taken(taken),
    })
}

/// Shuts an account out (`enabled` is false): from now on neither password nor token is accepted, by any instance. Or lets it in again:
/// its sessions have ended.
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

/// Ends all sessions of an account. Returns which it is, if there is one.
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

/// Deletes an account, as its owner would. Returns which it was, if there was one.
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

/// Gives the account that was last deleted under this designation back, if it is kept and its names are still free.
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
