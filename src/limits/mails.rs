//! Limits on registrations, and on mails that somebody asks for.

use super::key::{Key, Name};
use super::kind::Kind;
use super::{Attempt, Limits, RESEND, of_site};
use crate::client::Client;
use crate::clock::Timestamp;
use crate::config::Rate;

/// The steps of a mail that somebody asks for, after those of the client.
const RESENT: i32 = 2;
const RECIPIENT_OF_KIND: i32 = 3;
const RECIPIENT: i32 = 4;
const RECIPIENT_DAY_OF_KIND: i32 = 5;
const RECIPIENT_DAY: i32 = 6;
const OF_ACCOUNT: i32 = 7;

/// The mailbox of a folded address. What stands after a `+` is only a label at most hosts, and none of its own.
fn mailbox(recipient: &str) -> String {
    match recipient.split_once('@') {
        Some((local, host)) => format!("{}@{host}", local.split_once('+').map_or(local, |(local, _)| local)),
        None => recipient.to_owned(),
    }
}

impl Limits {
    /// A registration.
    #[must_use]
    pub fn register(&self, client: &Client, now: Timestamp) -> Attempt {
        self.steps(now, self.registering(client))
    }

    /// A registration that has to be confirmed by mail. `recipient` is the folded address. Its buckets count mails that are sent,
    /// so one of which nothing comes gives back what it took from them.
    #[must_use]
    pub fn register_by_mail(&self, client: &Client, recipient: &str, now: Timestamp) -> Attempt {
        let mut steps = self.registering(client);
        steps.extend(self.mailing("registration", recipient));
        self.steps(now, steps).counting_success(&[RESENT, RECIPIENT, RECIPIENT_DAY])
    }

    /// A mail of a kind that somebody asks for. `recipient` is the folded address, whether an account has it or not. The client's
    /// buckets come first, so that a client that has used up its mails takes nothing from those of an address.
    #[must_use]
    pub fn mail(&self, client: &Client, kind: &str, recipient: &str, now: Timestamp) -> Attempt {
        self.steps(now, self.mailed(client, kind, recipient))
    }

    /// A mail to an address that `account` is to have. It counts for the account as well, from wherever its owner asks, so that
    /// nobody writes to many strangers by one account.
    #[must_use]
    pub fn mail_of_account(
        &self,
        client: &Client,
        account: &[u8],
        kind: &str,
        recipient: &str,
        now: Timestamp,
    ) -> Attempt {
        let mut steps = self.mailed(client, kind, recipient);
        steps.push((OF_ACCOUNT, Key::new(Kind::MailAccount).bytes(account), self.rates.mail));
        self.steps(now, steps)
    }

    /// A mail that the owner of `account` asks for in a session. Nobody else uses up what it takes, but for the limits of the
    /// address.
    #[must_use]
    pub fn mail_in_session(&self, account: &[u8], kind: &str, recipient: &str, now: Timestamp) -> Attempt {
        let mut steps = self.mailing(kind, recipient);
        steps.push((OF_ACCOUNT, Key::new(Kind::MailAccount).bytes(account), self.rates.mail));
        self.steps(now, steps)
    }

    fn mailed(&self, client: &Client, kind: &str, recipient: &str) -> Vec<(i32, Key, Rate)> {
        let mut steps = vec![(0, Key::new(Kind::MailClient).network(client.network()), self.rates.mail)];
        if let Some(site) = client.site() {
            steps.push((1, Key::new(Kind::MailSite).network(Some(site)), of_site(self.rates.mail)));
        }
        steps.extend(self.mailing(kind, recipient));
        steps
    }

    fn registering(&self, client: &Client) -> Vec<(i32, Key, Rate)> {
        let mut steps = vec![(0, Key::new(Kind::Register).network(client.network()), self.rates.register)];
        if let Some(site) = client.site() {
            steps.push((1, Key::new(Kind::RegisterSite).network(Some(site)), of_site(self.rates.register)));
        }
        steps
    }

    /// Mails of one kind wait for each other. All kinds have the rest in common, but for two. Resets have a few more in reserve, so
    /// that nobody keeps an owner out by asking for other mails. Changes of an address count by themselves, because some of them
    /// send nothing, and must not use up what others get.
    fn mailing(&self, kind: &str, recipient: &str) -> Vec<(i32, Key, Rate)> {
        let recipient = mailbox(recipient);
        let key = |name: Name| Key::new(name).text(&recipient);
        let (hour, day) = (self.rates.mail_recipient, self.rates.mail_recipient_day);
        let mut steps = vec![(RESENT, key(Kind::MailResend.into()).text(kind), RESEND)];
        match kind {
            "password_reset" => {
                let few = |rate: Rate| Rate { burst: rate.burst.div_ceil(3), ..rate };
                steps.push((RECIPIENT_OF_KIND, key(Kind::MailReset.into()), hour));
                steps.push((RECIPIENT, key("mail/reset/reserve".into()), few(hour)));
                steps.push((RECIPIENT, key(Kind::MailRecipient.into()), hour));
                steps.push((RECIPIENT_DAY_OF_KIND, key(Kind::MailResetDay.into()), day));
                steps.push((RECIPIENT_DAY, key("mail/reset/day/reserve".into()), few(day)));
                steps.push((RECIPIENT_DAY, key(Kind::MailRecipientDay.into()), day));
            }
            "email_change" => {
                steps.push((RECIPIENT, key(Kind::MailChange.into()), hour));
                steps.push((RECIPIENT_DAY, key(Kind::MailChangeDay.into()), day));
            }
            _ => {
                steps.push((RECIPIENT, key(Kind::MailRecipient.into()), hour));
                steps.push((RECIPIENT_DAY, key(Kind::MailRecipientDay.into()), day));
            }
        }
        steps
    }
}
