//! Statements on flows.

mod clean_up;
mod keep;
mod look;
mod tries;
mod without_mail;

use std::time::Duration;

use diesel::OptionalExtension;
use uuid::Uuid;

use super::proof::Shown;
use super::{Checked, EmailProof, Flow, FlowKeys, Kind, NewFlow, TRIES, TRIES_OF_ADDRESS, TRIES_PERIOD};
use crate::audit;
use crate::audit::store::Origin;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, parameters, row, statement};
use crate::error::Error;
use crate::ids::AccountId;
use crate::mail::{Locale, Posting};

pub(crate) use clean_up::clean_up;
pub(crate) use keep::keep;
pub(crate) use look::{Linked, look};
pub(crate) use tries::{return_factor_try, take_factor_try};
pub(crate) use without_mail::{BeginningWithoutMail, begin_without_mail, count_wrong, find_open};

/// The parameters of a flow in the statement that begins it.
pub(crate) struct Beginning<'a> {
    flow: Uuid,
    flow_kind: &'static str,
    link_kind: &'static str,
    flow_account: Option<Uuid>,
    email: &'a str,
    locale: &'a str,
    token_hash: &'a Vec<u8>,
    link_hash: &'a Vec<u8>,
    code_mac: &'a Vec<u8>,
    code_expires_at: Timestamp,
    data: Option<Vec<u8>>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

parameters! {
    Beginning<'a> {
        flow: Uuid,
        flow_kind: &'static str,
        link_kind: &'static str,
        flow_account: Option<Uuid>,
        email: &'a str,
        locale: &'a str,
        token_hash: &'a Vec<u8>,
        link_hash: &'a Vec<u8>,
        code_mac: &'a Vec<u8>,
        code_expires_at: Timestamp,
        data: Option<Vec<u8>>,
        created_at: Timestamp,
        expires_at: Timestamp,
    }
}

impl NewFlow {
    pub(crate) fn parameters(&self) -> Beginning<'_> {
        Beginning {
            flow: self.id,
            flow_kind: self.kind.as_str(),
            link_kind: self.link_kind.as_str(),
            flow_account: self.account.map(|account| account.0),
            email: &self.email,
            locale: self.locale.as_str(),
            token_hash: &self.token_hash,
            link_hash: &self.link_hash,
            code_mac: &self.code_mac,
            code_expires_at: self.code_expires_at,
            data: self.data.clone(),
            created_at: self.created_at,
            expires_at: self.expires_at,
        }
    }
}

/// Begins a flow, with its mail and its event. If the flow's account was deleted meanwhile, it is a flow without one, and no mail is
/// sent.
pub(crate) async fn begin(
    connection: &mut Connection,
    flow: &NewFlow,
    mail: &Posting,
    event: Option<audit::Kind>,
    client: &Client,
) -> Result<(), Error> {
    let event = event.map(audit::Kind::as_str);
    BeginningFlow { flow: flow.parameters(), mail, event, origin: Origin::of(client) }.run(connection).await?;
    Ok(())
}

statement! {
    struct BeginningFlow<'a> = "begin.sql" {
        flow: Beginning<'a>,
        mail: &'a Posting,
        event: Option<&'a str>,
        origin: Origin<'a>,
    }
}

/// Checks a proof, and counts a wrong code. It does not end the flow: whatever the flow leads to does that in the same statement,
/// so of two who show the same proof one succeeds.
pub(crate) async fn check(
    connection: &mut Connection,
    keys: &FlowKeys,
    kind: Kind,
    proof: &EmailProof,
    client: &Client,
    now: Timestamp,
) -> Result<Checked, Error> {
    let Some(Shown { token_hash, link_hash, code_macs }) = proof.shown(keys) else { return Ok(Checked::Expired) };
    let checking = CheckingFlow {
        kind: kind.as_str(),
        token_hash,
        link_hash,
        code_macs,
        now,
        tries: TRIES,
        tries_of_address: TRIES_OF_ADDRESS,
        tries_since: now - TRIES_PERIOD,
        origin: Origin::of(client),
    };
    let Some(row) = checking.one_row::<CheckedRow>(connection).await.optional()? else {
        return Ok(Checked::Expired);
    };
    if let Some(wait) = row.wait {
        return Ok(Checked::Limited(Duration::from_secs_f64(wait.clamp(1.0, TRIES_PERIOD.as_secs_f64()))));
    }
    if !row.is_right {
        // A flow whose tries were used up before this one is over for codes.
        return Ok(if row.is_counted { Checked::Wrong { tries_left: TRIES - row.tries } } else { Checked::Expired });
    }
    let data = match row.data {
        Some(sealed) => match keys.open(row.id, &sealed) {
            Some(data) => Some(data),
            None => return Ok(Checked::Expired),
        },
        None => None,
    };
    let locale = Locale::parse(&row.locale).ok_or_else(|| Error::internal("a flow without a language"))?;
    Ok(Checked::Right(Flow {
        id: row.id,
        account: row.account_id.map(AccountId),
        expires_at: row.expires_at.unwrap_or(now),
        email: row.email,
        username: row.username,
        generation: row.generation,
        password_of: row.password_of,
        locale,
        data,
    }))
}

statement! {
    struct CheckingFlow<'a> = "check.sql" {
        kind: &'static str,
        token_hash: Option<Vec<u8>>,
        link_hash: Option<Vec<u8>>,
        code_macs: Vec<Vec<u8>>,
        now: Timestamp,
        tries: i32,
        tries_of_address: i64,
        tries_since: Timestamp,
        origin: Origin<'a>,
    } -> CheckedRow
}

row! {
    struct CheckedRow {
        id: Uuid,
        account_id: Option<Uuid>,
        expires_at: Option<Timestamp>,
        email: String,
        locale: String,
        data: Option<Vec<u8>>,
        username: Option<String>,
        generation: Option<i64>,
        password_of: Option<Timestamp>,
        is_right: bool,
        /// Whether this was a wrong code that counted.
        is_counted: bool,
        /// How many wrong codes were tried, this one included.
        tries: i32,
        /// How long to wait, in seconds, if there were too many wrong codes for the address.
        wait: Option<f64>,
    }
}
