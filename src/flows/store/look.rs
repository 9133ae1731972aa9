//! Looking at what a link leads to.

use std::net::IpAddr;

use diesel::OptionalExtension;
use ipnetwork::IpNetwork;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::db::{Connection, Run, row, statement};
use crate::error::{Error, OrInternal};
use crate::flows::token::{LINK, hash_of};
use crate::flows::{FlowKeys, Kind};

/// What the link of a mail leads to.
pub(crate) struct Linked {
    pub(crate) kind: Kind,
    /// The address to which the mail went.
    pub(crate) email: String,
    /// What the flow keeps until its end, opened.
    pub(crate) data: Option<Zeroizing<Vec<u8>>>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// The `User-Agent` of whoever asked for the mail, as that client claims it.
    pub(crate) user_agent: Option<String>,
    pub(crate) ip_address: Option<IpAddr>,
    /// The address of the account, if there is one.
    pub(crate) account_email: Option<String>,
    pub(crate) username: Option<String>,
}

/// Finds what a link leads to, without using it. `None` if there is no such link or it is over.
pub(crate) async fn look(
    connection: &mut Connection,
    keys: &FlowKeys,
    link: &str,
    now: Timestamp,
) -> Result<Option<Linked>, Error> {
    let Some(link_hash) = hash_of(LINK, link) else { return Ok(None) };
    let row = LookingAtLink { link_hash, now }.one_row::<LinkRow>(connection).await.optional()?;
    Ok(row.map(|row| row.opened(keys)).transpose()?.flatten())
}

statement! {
    struct LookingAtLink = "look.sql" {
        link_hash: Vec<u8>,
        now: Timestamp,
    } -> LinkRow
}

row! {
    struct LinkRow {
        id: Uuid,
        link_kind: String,
        email: String,
        data: Option<Vec<u8>>,
        created_at: Timestamp,
        expires_at: Timestamp,
        user_agent: Option<String>,
        ip_address: Option<IpNetwork>,
        account_email: Option<String>,
        username: Option<String>,
    }
}

impl LinkRow {
    fn opened(self, keys: &FlowKeys) -> Result<Option<Linked>, Error> {
        let data = match self.data {
            Some(sealed) => match keys.open(self.id, &sealed) {
                Some(data) => Some(data),
                None => return Ok(None),
            },
            None => None,
        };
        Ok(Some(Linked {
            kind: self.link_kind.parse().or_internal()?,
            email: self.email,
            data,
            created_at: self.created_at,
            expires_at: self.expires_at,
            user_agent: self.user_agent,
            ip_address: self.ip_address.map(|network| network.ip()),
            account_email: self.account_email,
            username: self.username,
        }))
    }
}
