//! Beginning a flow whose mail has a link and no code.

use super::App;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::flows::{self, NewFlow};
use crate::ids::AccountId;
use crate::mail::{self, Content, Device, Locale, Mail, Occasion, Posting};

/// What a link is for.
pub(crate) struct LinkTo<'a> {
    pub(crate) kind: flows::Kind,
    pub(crate) mail: mail::Kind,
    pub(crate) occasion: Option<Occasion>,
    pub(crate) account: AccountId,
    pub(crate) email: &'a str,
    pub(crate) locale: Locale,
    pub(crate) username: Option<String>,
    /// The address that the account has now, if that is another.
    pub(crate) new_email: Option<&'a str>,
    pub(crate) client: &'a Client,
    pub(crate) now: Timestamp,
}

impl App {
    /// The flow and its mail, to be written in the statement that makes them true. Nobody gets the flow's token, so its code opens
    /// nothing and is not written.
    pub(crate) fn prepare_link(&self, link: LinkTo<'_>) -> Result<(NewFlow, Posting), Error> {
        let LinkTo { kind, mail, occasion, account, email, locale, username, new_email, client, now } = link;
        let flow = self.flow_keys.begin(kind, Some(account), email.to_owned(), locale, None, now)?;
        let content = Content {
            link: Some(flow.link.expose().to_owned()),
            link_expires_at: Some(flow.expires_at),
            username,
            new_email: new_email.map(str::to_owned),
            occasion,
            device: Some(Device::of(client, now)),
            ..Content::default()
        };
        let posting =
            Mail { kind: mail, account: Some(account), recipient: email, locale: &flow.locale, content: &content };
        let posting = self.post(&posting, now)?;
        Ok((flow, posting))
    }
}
