//! Mails that the server of a test has sent, from the mailbox of development.

use portcullis::mail::Delivered;
use portcullis::use_cases::send_mails::send_mails;

use super::TestApp;

/// A mail that somebody got.
#[derive(Clone, Debug)]
pub(crate) struct Mail(Delivered);

impl TestApp {
    /// Sends what waits, and gives all mails to this address, the newest first.
    pub(crate) async fn mails_to(&self, recipient: &str) -> Vec<Mail> {
        // A task in the background may send them first.
        send_mails(&self.app).await.expect("sent mails");
        super::until("all mails are sent", async || {
            self.database.count("SELECT count(*) FROM mails WHERE due_at IS NOT NULL").await == 0
        })
        .await;
        let mails = self.app.mailbox().expect("a mailbox").list();
        mails.into_iter().filter(|mail| mail.recipient == recipient).map(Mail).collect()
    }

    /// The newest mail to this address.
    pub(crate) async fn mail_to(&self, recipient: &str) -> Mail {
        let mails = self.mails_to(recipient).await;
        mails.first().cloned().unwrap_or_else(|| panic!("no mail to {recipient}"))
    }
}

impl Mail {
    pub(crate) fn text(&self) -> &str {
        &self.0.rendered.text
    }

    /// Its id, of which the `Message-ID` is made.
    pub(crate) fn id(&self) -> uuid::Uuid {
        self.0.id
    }

    /// The token in the link.
    pub(crate) fn link(&self) -> String {
        let at = self.text().find("pcl_").unwrap_or_else(|| panic!("no link: {}", self.text()));
        let token = |c: &char| c.is_ascii_alphanumeric() || *c == '_' || *c == '-';
        self.text()[at..].chars().take_while(token).collect()
    }

    /// The code, as it is shown.
    pub(crate) fn code(&self) -> String {
        let lines = self.text().lines().map(str::trim);
        let digits = |line: &&str| line.chars().filter(char::is_ascii_digit).count() == 8;
        let only = |line: &&str| line.chars().all(|c| c.is_ascii_digit() || c == ' ');
        lines.filter(digits).find(only).unwrap_or_else(|| panic!("no code: {}", self.text())).to_owned()
    }
}
