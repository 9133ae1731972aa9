//! One connection to the mail server.

use std::time::Duration;

use lettre::address::Address;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt, Rset};
use lettre::transport::smtp::{Error, response::Response};
use tokio::time::timeout;

use super::Server;
use super::fault::Fault;
use crate::clock::Stopwatch;
use crate::config::SmtpTls;

/// Longest time until a new connection can be used: name, TCP, TLS, greeting and signing in together.
const OPENING: Duration = Duration::from_secs(20);

/// Longest time until a command is answered.
const COMMAND: Duration = Duration::from_secs(20);

/// Longest time until a mail is accepted that was handed over. It is longer, because the server may look into the mail, and a
/// mail that it accepts later would be sent twice (RFC 5321 section 4.5.3.2.6).
const CONTENT: Duration = Duration::from_secs(60);

/// Longest time for a farewell.
const FAREWELL: Duration = Duration::from_secs(2);

/// A connection that can take a mail. When it is dropped it is closed, whatever it was doing.
pub(super) struct Connection {
    smtp: AsyncSmtpConnection,
    idle: Stopwatch,
}

impl Connection {
    /// Connects, and signs in if the settings say so.
    pub(super) async fn open(server: &Server) -> Result<Self, Fault> {
        match timeout(OPENING, Self::connect(server)).await {
            Ok(connected) => connected,
            Err(_) => Err(Fault::late("connecting", OPENING)),
        }
    }

    async fn connect(server: &Server) -> Result<Self, Fault> {
        let told = |step: &'static str| move |error: Error| Fault::of(step, &error);
        let implicit = server.tls.clone().filter(|_| server.mode == SmtpTls::Implicit);
        let place = (server.host.as_str(), server.port);
        let mut smtp = AsyncSmtpConnection::connect_tokio1(place, Some(OPENING), &server.greeting, implicit, None)
            .await
            .map_err(told("connecting"))?;
        let upgrade = match server.mode {
            SmtpTls::Required if !smtp.can_starttls() => {
                return Err(Fault::other(
                    "the server offers no STARTTLS, without which mails would leave unencrypted (tls=none in \
                     PORTCULLIS_SMTP_URL allows that)",
                ));
            }
            SmtpTls::Required => true,
            SmtpTls::Opportunistic => smtp.can_starttls(),
            SmtpTls::Implicit | SmtpTls::None => false,
        };
        if let Some(tls) = server.tls.clone().filter(|_| upgrade) {
            smtp.starttls(tls, &server.greeting).await.map_err(told("STARTTLS"))?;
        }
        if let Some(credentials) = &server.credentials {
            smtp.auth(DEFAULT_MECHANISMS, credentials).await.map_err(told("signing in"))?;
        }
        Ok(Self { smtp, idle: Stopwatch::start() })
    }

    /// Begins a mail.
    pub(super) async fn begin(&mut self, sender: &Address) -> Result<(), Fault> {
        within(COMMAND, "MAIL", self.smtp.command(Mail::new(Some(sender.clone()), Vec::new()))).await
    }

    /// Names the recipient of the mail that was begun.
    pub(super) async fn address(&mut self, recipient: &Address) -> Result<(), Fault> {
        within(COMMAND, "RCPT", self.smtp.command(Rcpt::new(recipient.clone(), Vec::new()))).await
    }

    /// Hands over the mail. Returns when the server has accepted it.
    pub(super) async fn deliver(&mut self, text: &[u8]) -> Result<(), Fault> {
        within(COMMAND, "DATA", self.smtp.command(Data)).await?;
        within(CONTENT, "content", self.smtp.command(content(text))).await
    }

    /// Ends a mail that was begun and refused, so that another can be begun.
    pub(super) async fn reset(&mut self) -> Result<(), Fault> {
        within(COMMAND, "RSET", self.smtp.command(Rset)).await
    }

    /// Says goodbye, which is polite and no more.
    pub(super) async fn close(mut self) {
        _ = timeout(FAREWELL, self.smtp.command(Quit)).await;
    }

    /// It is not in use from now on.
    pub(super) fn rest(&mut self) {
        self.idle = Stopwatch::start();
    }

    /// How long it has not been in use.
    pub(super) fn idle(&self) -> Duration {
        self.idle.elapsed()
    }
}

/// The mail as it is sent: a line that begins with a period gets another one, and one alone ends it (RFC 5321 section 4.5.2). It leaves in
/// one piece. lettre sends the end apart, which TCP holds back until the rest was acknowledged, for 40 ms and more.
fn content(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let first = if text.starts_with('.') { "." } else { "" };
    format!("{first}{}\r\n.\r\n", text.replace("\r\n.", "\r\n.."))
}

async fn within(
    limit: Duration,
    step: &'static str,
    command: impl Future<Output = Result<Response, Error>>,
) -> Result<(), Fault> {
    match timeout(limit, command).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(Fault::of(step, &error)),
        Err(_) => Err(Fault::late(step, limit)),
    }
}

#[cfg(test)]
mod tests {
    use super::content;

    #[test]
    fn only_the_end_is_a_period_alone() {
        for (text, expected) in [
            ("a\r\nb\r\n", "a\r\nb\r\n\r\n.\r\n"),
            (".a\r\n..b\r\n.\r\n.\r\nc.", "..a\r\n...b\r\n..\r\n..\r\nc.\r\n.\r\n"),
            ("", "\r\n.\r\n"),
        ] {
            assert_eq!(content(text.as_bytes()), expected, "{text:?}");
        }
    }
}
