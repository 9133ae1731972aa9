//! Where mails are shown in place of being sent.

use url::Url;

use super::origins::is_loopback;
use super::{Config, MailWay};

impl Config {
    /// The address of the page that shows mails. `None` if they leave, or if the server is known under a name that is not this
    /// machine's: whoever reads that page can reset every password.
    #[must_use]
    pub fn mail_page(&self) -> Option<String> {
        let is_here = Url::parse(&self.issuer).is_ok_and(|issuer| issuer.host().is_some_and(|host| is_loopback(&host)));
        let is_shown = matches!(self.mail.way, MailWay::Mailbox) && self.environment.is_development() && is_here;
        is_shown.then(|| format!("{}/mail", self.issuer.trim_end_matches('/')))
    }
}
