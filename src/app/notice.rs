//! Mails that tell the owner of an account what happened to it.

use super::App;
use crate::accounts::Account;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::mail::{Content, Device, Kind, Mail, Occasion, Posting};

impl App {
    /// The mail of this kind to the account's address, caused by this client, to be written in the statement that makes it true.
    /// Nothing is written where no mail can be sent.
    pub(crate) fn notice(
        &self,
        (kind, codes_left): (Kind, Option<i64>),
        account: &Account,
        client: &Client,
        now: Timestamp,
    ) -> Result<Posting, Error> {
        self.tell(kind, Content { codes_left, ..Content::default() }, account, client, now)
    }

    /// The same, of a passkey with this name.
    pub(crate) fn notice_of_passkey(
        &self,
        (kind, name): (Kind, &str),
        account: &Account,
        client: &Client,
        now: Timestamp,
    ) -> Result<Posting, Error> {
        let content = Content { passkey: Some(name.to_owned()), ..Content::default() };
        self.tell(kind, content, account, client, now)
    }

    /// The same, of a second factor that a sign-in had to add: the passkey with this name, or an authenticator app.
    pub(crate) fn notice_of_enrolment(
        &self,
        passkey: Option<&str>,
        account: &Account,
        client: &Client,
        now: Timestamp,
    ) -> Result<Posting, Error> {
        let kind = if passkey.is_some() { Kind::PasskeyAdded } else { Kind::TotpAdded };
        let passkey = passkey.map(str::to_owned);
        let content = Content { passkey, occasion: Some(Occasion::Enrolment), ..Content::default() };
        self.tell(kind, content, account, client, now)
    }

    fn tell(
        &self,
        kind: Kind,
        content: Content,
        account: &Account,
        client: &Client,
        now: Timestamp,
    ) -> Result<Posting, Error> {
        let device = Some(Device::of(client, now));
        let content = Content { username: account.username.clone(), device, ..content };
        let locale = &self.locale(None, client);
        let mail = Mail { kind, account: Some(account.id), recipient: &account.email, locale, content: &content };
        self.post(&mail, now)
    }
}
