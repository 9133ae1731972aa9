//! Opening sessions.

use diesel::OptionalExtension;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::accounts::store::unless_taken;
use crate::accounts::{Account, NameTaken, NewAccount, Username};
use crate::audit::store::Origin;
use crate::clock::Timestamp;
use crate::db::{Connection, row, statement};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};
use crate::passwords::PasswordHash;
use crate::sessions::{ActiveAt, Method, NewSession, Proof, Session};

/// Opens a session for an account whose owner has given a proof, if the account is still enabled and still has what
/// the proof was compared with. So a change of the password, or disabling the account, wins if it came in between.
/// Ends the least recently used of the account's other sessions, if there are too many.
pub(crate) async fn open(
    connection: &mut Connection,
    account: AccountId,
    proof: &Proof,
    session: NewSession,
    bound: &Bound,
) -> Result<Option<OpenedSession>, Error> {
    let Proof::Password { hash, stronger } = proof;
    let opening = Opening {
        account: account.0,
        hash: hash.as_str(),
        stronger: stronger.as_ref().map(PasswordHash::as_str),
        session: session.id.0,
        methods: names(&session.methods),
        at: ActiveAt { now: session.created_at, unused_since: bound.unused_since },
        expires_at: session.expires_at,
        most: bound.most,
        origin: Origin::of(&session.client),
    };
    let opened = opening.get_result::<OpenedRow>(connection).await.optional()?;
    Ok(opened.map(|row| OpenedSession {
        session: new_session(session, account, row.generation),
        ended: row.ended.into_iter().map(SessionId).collect(),
    }))
}

/// How many active sessions an account may have.
pub(crate) struct Bound {
    pub(crate) most: i64,
    pub(crate) unused_since: Timestamp,
}

/// A session that was opened, and those that were ended for it.
pub(crate) struct OpenedSession {
    pub(crate) session: Session,
    pub(crate) ended: Vec<SessionId>,
}

statement! {
    struct Opening<'a> = "open.sql" {
        account: Uuid,
        hash: &'a str,
        stronger: Option<&'a str>,
        session: Uuid,
        methods: Vec<String>,
        at: ActiveAt,
        expires_at: Timestamp,
        most: i64,
        origin: Origin<'a>,
    } -> OpenedRow
}

row! {
    struct OpenedRow {
        generation: i64,
        ended: Vec<Uuid>,
    }
}

/// Registers an account and opens its first session, or does neither if another account has its e-mail address or
/// username. This is one statement and so one round trip, and of two registrations at once one wins.
pub(crate) async fn open_with_account(
    connection: &mut Connection,
    account: NewAccount,
    session: NewSession,
) -> Result<Result<(Account, Session), NameTaken>, Error> {
    let opening = OpeningWithAccount {
        account: account.id.0,
        email: account.email.as_str(),
        username: account.username.as_ref().map(Username::as_str),
        hash: account.password.as_ref().map(PasswordHash::as_str),
        session: session.id.0,
        methods: names(&session.methods),
        now: session.created_at,
        expires_at: session.expires_at,
        origin: Origin::of(&session.client),
    };
    Ok(unless_taken(opening.execute(connection).await)?.map(|_| {
        let session = new_session(session, account.id, 0);
        (new_account(account), session)
    }))
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
        origin: Origin<'a>,
    }
}

/// The outcome of a registration that was confirmed.
pub(crate) enum Confirmed {
    /// The account was created, and is signed in.
    Done(Box<Account>, Box<Session>),
    /// Nothing was done, because another account has one of its names.
    Taken(NameTaken),
    /// Nothing was done, because the registration is over.
    Over,
}

/// Ends the flow of a registration, creates its account and opens its first session. Of several at once one succeeds.
pub(crate) async fn open_with_confirmed_account(
    connection: &mut Connection,
    flow: Uuid,
    account: NewAccount,
    session: NewSession,
) -> Result<Confirmed, Error> {
    let opening = OpeningWithConfirmedAccount {
        flow,
        account: account.id.0,
        email: account.email.as_str(),
        username: account.username.as_ref().map(Username::as_str),
        hash: account.password.as_ref().map(PasswordHash::as_str),
        session: session.id.0,
        methods: names(&session.methods),
        now: session.created_at,
        expires_at: session.expires_at,
        origin: Origin::of(&session.client),
    };
    Ok(match unless_taken(opening.execute(connection).await)? {
        Err(taken) => Confirmed::Taken(taken),
        Ok(0) => Confirmed::Over,
        Ok(_) => {
            let session = new_session(session, account.id, 0);
            Confirmed::Done(Box::new(new_account(account)), Box::new(session))
        }
    })
}

statement! {
    struct OpeningWithConfirmedAccount<'a> = "open_with_confirmed_account.sql" {
        flow: Uuid,
        account: Uuid,
        email: &'a str,
        username: Option<&'a str>,
        hash: Option<&'a str>,
        session: Uuid,
        methods: Vec<String>,
        now: Timestamp,
        expires_at: Timestamp,
        origin: Origin<'a>,
    }
}

pub(super) fn names(methods: &[Method]) -> Vec<String> {
    methods.iter().map(|method| method.as_str().to_owned()).collect()
}

pub(super) fn new_session(new: NewSession, account_id: AccountId, generation: i64) -> Session {
    Session {
        id: new.id,
        account_id,
        refresh_counter: 1,
        created_at: new.created_at,
        last_used_at: new.created_at,
        authenticated_at: new.created_at,
        methods: new.methods,
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
        email_verified_at: new.email_verified_at,
        username: new.username.map(|username| username.as_str().to_owned()),
        roles: Vec::new(),
        created_at: new.created_at,
        disabled_at: None,
        session_generation: 0,
    }
}
