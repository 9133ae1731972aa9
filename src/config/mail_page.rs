//! Where mails are shown in place of being sent.

use super::origins::is_here;
use super::{Config, MailWay};

impl Config {
    /// The address of the page that shows mails. `None` if they leave, or if the server is known under a name that is not this
    /// machine's: whoever reads that page can reset every password.
    #[must_use]
    pub fn mail_page(&self) -> Option<String> {
        let is_shown = matches!(self.mail.way, MailWay::Mailbox) && self.environment.is_development();
        let is_shown = is_shown && is_here(&self.issuer);
        is_shown.then(|| format!("{}/mail", self.issuer.trim_end_matches('/')))
    }
}
