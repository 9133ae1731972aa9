//! Statements on flows that no mail belongs to.

use diesel::OptionalExtension;
use uuid::Uuid;

use crate::audit;
use crate::audit::store::Origin;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::db::{Connection, Run, parameters, row, statement};
use crate::error::Error;
use crate::flows::without_mail::OpenFlow;
use crate::flows::{FlowKeys, FlowWithoutMail, Kind, TRIES, flow_hash};
use crate::ids::{AccountId, SessionId};

/// The parameters of a flow without a mail in the statement that begins it.
pub(crate) struct BeginningWithoutMail<'a> {
    flow: Uuid,
    flow_kind: &'static str,
    flow_email: &'a str,
    flow_locale: &'a str,
    token_hash: &'a Vec<u8>,
    data: &'a Vec<u8>,
    flow_expires_at: Timestamp,
}

parameters! {
    BeginningWithoutMail<'a> {
        flow: Uuid,
        flow_kind: &'static str,
        flow_email: &'a str,
        flow_locale: &'a str,
        token_hash: &'a Vec<u8>,
        data: &'a Vec<u8>,
        flow_expires_at: Timestamp,
    }
}

impl FlowWithoutMail {
    pub(crate) fn parameters(&self) -> BeginningWithoutMail<'_> {
        BeginningWithoutMail {
            flow: self.id,
            flow_kind: self.kind.as_str(),
            flow_email: &self.email,
            flow_locale: self.locale.as_str(),
            token_hash: &self.token_hash,
            data: &self.data,
            flow_expires_at: self.expires_at,
        }
    }
}

/// Begins a flow of an account that is enabled. Returns whether it is.
pub(crate) async fn begin_without_mail(
    connection: &mut Connection,
    flow: &FlowWithoutMail,
    client: &Client,
) -> Result<bool, Error> {
    let beginning = Beginning {
        flow: flow.parameters(),
        account: flow.account.0,
        now: flow.created_at,
        origin: Origin::of(client),
    };
    Ok(beginning.run(connection).await? == 1)
}

statement! {
    struct Beginning<'a> = "begin_without_mail.sql" {
        flow: BeginningWithoutMail<'a>,
        account: Uuid,
        now: Timestamp,
        origin: Origin<'a>,
    }
}

/// Finds the open flow of an account by its token. `None` if there is none, it is over, or too many wrong codes were tried in it.
pub(crate) async fn find_open(
    connection: &mut Connection,
    keys: &FlowKeys,
    kind: Kind,
    (account, token): (AccountId, &str),
    now: Timestamp,
) -> Result<Option<OpenFlow>, Error> {
    let Some(token_hash) = flow_hash(token) else { return Ok(None) };
    let finding = FindingOpen { token_hash, kind: kind.as_str(), account: account.0, now, tries: TRIES };
    let row = finding.one_row::<OpenRow>(connection).await.optional()?;
    Ok(row.and_then(|OpenRow { id, data }| Some(OpenFlow { id, data: keys.open(id, &data?)? })))
}

statement! {
    struct FindingOpen = "find_open.sql" {
        token_hash: Vec<u8>,
        kind: &'static str,
        account: Uuid,
        now: Timestamp,
        tries: i32,
    } -> OpenRow
}

row! {
    struct OpenRow {
        id: Uuid,
        data: Option<Vec<u8>>,
    }
}

/// Counts a wrong code in a flow, and records it. Returns how many more may be tried, and `None` if the flow is over.
pub(crate) async fn count_wrong(
    connection: &mut Connection,
    flow: Uuid,
    (event, session): (audit::Kind, SessionId),
    client: &Client,
    now: Timestamp,
) -> Result<Option<i32>, Error> {
    let counting = CountingWrong {
        flow,
        now,
        tries: TRIES,
        event: event.as_str(),
        session: session.0,
        origin: Origin::of(client),
    };
    let tries = counting.one_row::<i32>(connection).await.optional()?;
    Ok(tries.map(|tries| TRIES - tries))
}

statement! {
    struct CountingWrong<'a> = "count_wrong.sql" {
        flow: Uuid,
        now: Timestamp,
        tries: i32,
        event: &'static str,
        session: Uuid,
        origin: Origin<'a>,
    } -> i32
}
