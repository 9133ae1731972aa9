//! Queries on sessions.

mod clean_up;
mod complete_sign_in;
mod email;
mod end;
mod end_all;
mod ended;
mod factors;
mod find_sign_in;
mod list;
mod open;
mod open_by_mail;
mod passkey;
mod password;
mod prove_again;
mod recover;
mod refresh;
mod register;
mod trust;
mod try_sign_in;

use diesel::prelude::*;
use ipnetwork::IpNetwork;
use uuid::Uuid;

use super::{ActiveAt, Method, Session};
use crate::accounts::Account;
use crate::accounts::store::AccountRow;
use crate::clock::Timestamp;
use crate::db::schema::{accounts, sessions};
use crate::db::{Connection, Run, parameters, row};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};

pub(crate) use clean_up::{Over, USES, claim, hand_on, record_uses, step};
pub(crate) use complete_sign_in::{Completed, Completion, complete_sign_in};
pub(crate) use email::{EmailChange, EmailRevert, Moved, change_email, revert_email};
pub(crate) use end::{Asking, log_out, revoke_own};
pub(crate) use end_all::end_others;
pub(crate) use ended::{EndedCursor, count_ended, list_ended, record_endings};
pub(crate) use factors::second_factors;
pub(crate) use find_sign_in::{OpenSignIn, find_sign_in};
pub(crate) use list::list;
pub(crate) use open::{Bound, Opened, OpenedSession, SecondStepOf, names, new_session, open};
pub(crate) use open_by_mail::{OpenedByMail, Proven, open_by_mail};
pub(crate) use passkey::{AcceptedPasskey, OpenedByPasskey, open_by_passkey, prove_by_passkey};
pub(crate) use password::{Change, Changed, Reset, ResetOutcome, change_password, reset_password};
pub(crate) use prove_again::{ProvedAgain, prove_again};
pub(crate) use recover::recover;
pub(crate) use refresh::refresh;
pub(crate) use register::{Registered, open_with_account, open_with_confirmed_account};
pub(crate) use trust::{ShownDevice, Trusting};
pub(crate) use try_sign_in::{TriedSignIn, try_sign_in};

parameters! { ActiveAt { now: Timestamp, unused_since: Timestamp } }

row! {
    #[derive(Selectable)]
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
        generation: i64,
        authenticated_at: Option<Timestamp>,
        methods: Vec<Option<String>>,
    }
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
            generation: row.generation,
            authenticated_at: row.authenticated_at.unwrap_or(row.created_at),
            methods: row.methods.iter().flatten().filter_map(|name| Method::named(name)).collect(),
        }
    }
}

/// The session and its account, whatever their state is.
pub(crate) async fn find_with_account(
    connection: &mut Connection,
    id: SessionId,
) -> Result<Option<(Session, Account)>, Error> {
    let row = sessions::table
        .inner_join(accounts::table)
        .filter(sessions::id.eq(id.0))
        .select((SessionRow::as_select(), AccountRow::as_select()))
        .one_row::<(SessionRow, AccountRow)>(connection)
        .await
        .optional()?;
    Ok(row.map(|(session, account)| (session.into(), account.into())))
}
