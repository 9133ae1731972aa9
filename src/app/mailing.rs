//! Beginning a flow with its mail, which several use cases do.

use super::App;
use crate::accounts::EmailAddress;
use crate::audit;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::config::EmailSignIn;
use crate::error::Error;
use crate::flows::{self, Checked, EmailProof, FlowToken, NewFlow};
use crate::ids::AccountId;
use crate::limits::RESEND;
use crate::mail::{self, Content, Device, Locale, Mail, Posting};

/// A flow that was begun, as the client is told of it.
#[derive(Debug)]
pub(crate) struct Started {
    /// The token of the flow.
    pub(crate) token: FlowToken,
    /// Until when the link in the mail is valid. The code is valid for a shorter time.
    pub(crate) expires_at: Timestamp,
    /// When another mail may be asked for.
    pub(crate) resend_after: Timestamp,
}

/// What is asked for.
pub(crate) struct Ask<'a> {
    pub(crate) kind: flows::Kind,
    pub(crate) mail: mail::Kind,
    pub(crate) email: &'a EmailAddress,
    pub(crate) locale: Locale,
    pub(crate) account: Option<AccountId>,
    pub(crate) username: Option<String>,
    /// What the flow keeps until its end.
    pub(crate) data: Option<&'a [u8]>,
    pub(crate) client: &'a Client,
    pub(crate) now: Timestamp,
}

impl App {
    /// Whether mails can be sent.
    ///
    /// # Errors
    /// [`Error::Disabled`] if not.
    pub(crate) fn mails_are_on(&self) -> Result<(), Error> {
        match self.mailer {
            Some(_) => Ok(()),
            None => Err(Error::Disabled("No mail can be sent: the operator has set no mail server.")),
        }
    }

    /// Whether a mail alone signs in.
    ///
    /// # Errors
    /// [`Error::Disabled`] if not.
    pub(crate) fn email_sign_in_is_on(&self) -> Result<(), Error> {
        match self.config.mail.sign_in {
            EmailSignIn::Off => Err(Error::Disabled("The operator has switched sign-in by e-mail off.")),
            EmailSignIn::On | EmailSignIn::Register => self.mails_are_on(),
        }
    }

    /// Whether a sign-in by mail makes an account where there is none.
    pub(crate) fn registers_by_sign_in(&self) -> bool {
        self.config.limits.open_registration && self.config.mail.sign_in == EmailSignIn::Register
    }

    /// The language of a mail to whoever this client is.
    pub(crate) fn locale(&self, input: Option<&str>, client: &Client) -> Locale {
        self.mailer.as_ref().map(|mailer| mailer.locale(input, client)).unwrap_or_default()
    }

    /// The mail, to be written in a statement, if mails can be sent.
    pub(crate) fn post(&self, mail: &Mail<'_>, now: Timestamp) -> Result<Posting, Error> {
        let posting = self.outbox.post(mail, now)?;
        Ok(if self.mailer.is_some() { posting } else { posting.unsent() })
    }

    /// The flow and its mail, to be written in one statement.
    pub(crate) fn prepare_flow(&self, ask: Ask<'_>) -> Result<(NewFlow, Posting), Error> {
        let Ask { kind, mail, email, locale, account, username, data, client, now } = ask;
        let email = email.as_str().to_owned();
        let flow = self.flow_keys.begin(kind, account, email, locale, data, now)?;
        let content = Content {
            link: Some(flow.link.expose().to_owned()),
            link_expires_at: Some(flow.expires_at),
            code: Some(flow.code.expose().to_owned()),
            code_expires_at: Some(flow.code_expires_at),
            username,
            device: Some(Device::of(client, now)),
            ..Content::default()
        };
        let posting = Mail { kind: mail, account, recipient: &flow.email, locale: &flow.locale, content: &content };
        let posting = self.outbox.post(&posting, now)?;
        Ok((flow, posting))
    }

    /// Begins a flow whose mail goes out unless `posting` says otherwise.
    pub(crate) async fn begin_flow(
        &self,
        flow: NewFlow,
        posting: &Posting,
        event: Option<audit::Kind>,
        client: &Client,
    ) -> Result<Started, Error> {
        self.db.run(async |connection| flows::store::begin(connection, &flow, posting, event, client).await).await?;
        let resend_after = flow.created_at + RESEND.period;
        Ok(Started { token: flow.token, expires_at: flow.expires_at, resend_after })
    }
}

impl App {
    /// Checks what somebody got by mail, and counts a wrong code. Every use case that takes such a proof uses it.
    pub(crate) async fn check_proof(
        &self,
        client: &Client,
        kind: flows::Kind,
        proof: &EmailProof,
    ) -> Result<Checked, Error> {
        let now = self.clock.now();
        if let Err(retry_after) = self.limits.attempt(client, now) {
            return Ok(Checked::Limited(retry_after));
        }
        let keys = &self.flow_keys;
        self.db.run(async |connection| flows::store::check(connection, keys, kind, proof, client, now).await).await
    }
}
