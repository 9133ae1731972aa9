//! Opening the first sessions of new accounts.

use diesel::OptionalExtension;
use uuid::Uuid;

use super::open::{names, new_session};
use crate::accounts::store::unless_taken;
use crate::accounts::{Account, NameTaken, NewAccount, Username};
use crate::audit::store::Origin;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, statement};
use crate::error::Error;
use crate::flows::FlowWithoutMail;
use crate::flows::store::BeginningWithoutMail;
use crate::passwords::PasswordHash;
use crate::sessions::{NewSession, SecondFactorPolicy, Session};

/// The outcome of a registration.
pub(crate) enum Registered {
    /// The account was created, and is signed in.
    Session(Box<Account>, Box<Session>),
    /// The account was created and needs a second factor. The flow in which it is added was begun.
    EnrolmentRequired,
    /// Nothing was done, because another account has one of its names.
    Taken(NameTaken),
    /// Nothing was done, because the registration is over.
    Over,
}

/// Registers an account and opens its first session, or does neither if another account has its e-mail address or
/// username. If the policy requires a second factor of it, `second_step` is begun in the place of the session. This is one
/// statement and so one round trip, and of two registrations at once one wins.
pub(crate) async fn open_with_account(
    connection: &mut Connection,
    account: NewAccount,
    session: NewSession,
    second_step: &FlowWithoutMail,
    policy: SecondFactorPolicy<'_>,
) -> Result<Registered, Error> {
    let opening = OpeningWithAccount {
        account: account.id.0,
        email: account.email.as_str(),
        username: account.username.as_ref().map(Username::as_str),
        hash: account.password.as_ref().map(PasswordHash::as_str),
        session: session.id.0,
        methods: names(&session.methods),
        now: session.created_at,
        expires_at: session.expires_at,
        second_step: second_step.parameters(),
        origin: Origin::of(&session.client),
        policy,
    };
    let opened = unless_taken(opening.one_row::<bool>(connection).await.optional())?;
    Ok(Registered::new(opened, account, session))
}

statement! {
    struct OpeningWithAccount<'a> = "open_with_account.sql" {
        account: Uuid,
        email: &'a str,
        username: Option<&'a str>,
        hash: Option<&'a str>,
        session: Uuid,
        methods: Vec<String>,
        now: Timestamp,
        expires_at: Timestamp,
        second_step: BeginningWithoutMail<'a>,
        origin: Origin<'a>,
        policy: SecondFactorPolicy<'a>,
    } -> bool
}

/// Ends the flow `proven` of a registration, creates its account and opens its first session, or begins `second_step` in its place. Of
/// several at once one succeeds.
pub(crate) async fn open_with_confirmed_account(
    connection: &mut Connection,
    proven: Uuid,
    account: NewAccount,
    session: NewSession,
    second_step: &FlowWithoutMail,
    policy: SecondFactorPolicy<'_>,
) -> Result<Registered, Error> {
    let opening = OpeningWithConfirmedAccount {
        proven,
        account: account.id.0,
        email: account.email.as_str(),
        username: account.username.as_ref().map(Username::as_str),
        hash: account.password.as_ref().map(PasswordHash::as_str),
        session: session.id.0,
        methods: names(&session.methods),
        now: session.created_at,
        expires_at: session.expires_at,
        second_step: second_step.parameters(),
        origin: Origin::of(&session.client),
        policy,
    };
    let opened = unless_taken(opening.one_row::<bool>(connection).await.optional())?;
    Ok(Registered::new(opened, account, session))
}

statement! {
    struct OpeningWithConfirmedAccount<'a> = "open_with_confirmed_account.sql" {
        proven: Uuid,
        account: Uuid,
        email: &'a str,
        username: Option<&'a str>,
        hash: Option<&'a str>,
        session: Uuid,
        methods: Vec<String>,
        now: Timestamp,
        expires_at: Timestamp,
        second_step: BeginningWithoutMail<'a>,
        origin: Origin<'a>,
        policy: SecondFactorPolicy<'a>,
    } -> bool
}

impl Registered {
    /// `opened` is whether the account lacks a second factor, if it was created.
    fn new(opened: Result<Option<bool>, NameTaken>, account: NewAccount, session: NewSession) -> Self {
        match opened {
            Err(taken) => Self::Taken(taken),
            Ok(None) => Self::Over,
            Ok(Some(true)) => Self::EnrolmentRequired,
            Ok(Some(false)) => {
                let session = new_session(session, account.id, 0);
                Self::Session(Box::new(new_account(account)), Box::new(session))
            }
        }
    }
}

fn new_account(new: NewAccount) -> Account {
    Account {
        id: new.id,
        email: new.email.as_str().to_owned(),
        email_verified_at: new.email_verified_at,
        username: new.username.map(|username| username.as_str().to_owned()),
        roles: Vec::new(),
        created_at: new.created_at,
        disabled_at: None,
        session_generation: 0,
    }
}
