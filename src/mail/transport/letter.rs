//! A mail in the form of the Internet (RFC 5322).

use lettre::Message;
use lettre::address::{Address, Envelope};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::config::Sender;
use crate::mail::Rendered;

/// A mail on its way.
pub(crate) struct Letter<'a> {
    /// The id of the mail. Its `Message-ID` is made of it, so that a repeat is seen as one.
    pub(crate) id: Uuid,
    pub(crate) recipient: &'a str,
    /// When it was written.
    pub(crate) written_at: Timestamp,
    pub(crate) rendered: &'a Rendered,
}

/// A letter as it is handed over.
pub(super) struct Formatted {
    pub(super) sender: Address,
    pub(super) recipient: Address,
    /// Headers and bodies, in ASCII, with lines that end in CR and LF.
    pub(super) text: Vec<u8>,
}

impl Letter<'_> {
    /// The letter from this sender.
    ///
    /// # Errors
    /// When it can't be made. The error has nothing of its content.
    pub(super) fn format(&self, from: &Sender) -> Result<Formatted, String> {
        let sender: Address = from.address.parse().map_err(|_| "the sender is not an address")?;
        let recipient: Address = self.recipient.parse().map_err(|_| "the recipient is not an address")?;
        let envelope = Envelope::new(Some(sender.clone()), vec![recipient.clone()])
            .map_err(|_| "there is no envelope for the recipient")?;
        // Answered by no machine (RFC 3834 section 5).
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let message = Message::builder()
            .envelope(envelope)
            .message_id(Some(format!("<{}@{}>", self.id, from.domain())))
            .date(self.written_at.into())
            .from(Mailbox::new(from.name.as_deref().map(one_line), sender.clone()))
            .to(Mailbox::new(None, recipient.clone()))
            .subject(one_line(&self.rendered.subject))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(lines(&self.rendered.text), lines(&self.rendered.html)))
            .map_err(|_| "the mail can't be written")?;
        Ok(Formatted { sender, recipient, text: message.formatted() })
    }
}

/// The text with a space in the place of each control character, so that no header ends where it should not.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

/// The text with lines that end in one way. Mail servers differ in what a lone CR or LF means, so that one could end the mail
/// early and begin another.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(from: &str, subject: &str, text: &str) -> String {
        let rendered = Rendered { subject: subject.to_owned(), text: text.to_owned(), html: format!("<p>{text}</p>") };
        let letter = Letter {
            id: Uuid::from_u128(7),
            recipient: "ada@example.com",
            written_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            rendered: &rendered,
        };
        let (name, address) = from.rsplit_once(' ').unwrap_or(("", from));
        let name = (!name.is_empty()).then(|| name.to_owned());
        let made = letter.format(&Sender { name, address: address.to_owned() }).unwrap();
        assert_eq!((made.sender.as_ref(), made.recipient.as_ref()), (address, "ada@example.com"));
        String::from_utf8(made.text).unwrap()
    }

    fn headers(text: &str) -> Vec<&str> {
        text.split("\r\n\r\n").next().unwrap().split("\r\n").collect()
    }

    #[test]
    fn a_letter_says_what_it_is() {
        let text = formatted("Example no-reply@example.org", "Reset your password", "Hello");
        let headers = headers(&text);
        for header in [
            "Message-ID: <00000000-0000-0000-0000-000000000007@example.org>",
            "Date: Thu, 01 Jan 2026 00:00:00 +0000",
            "From: Example <no-reply@example.org>",
            "To: ada@example.com",
            "Subject: Reset your password",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] {
            assert!(headers.contains(&header), "{header}: {headers:#?}");
        }
        assert!(text.contains("multipart/alternative") && text.contains("text/plain") && text.contains("text/html"));
        assert_eq!(text.find("text/plain").max(text.find("text/html")), text.find("text/html"), "the richest is last");
    }

    #[test]
    fn nothing_that_a_header_is_made_of_begins_another() {
        let odd = "a\r\nBcc: eve@example.com\r\n\r\nbody\nX-One: 1\rX-Two: 2\u{b}\u{c}\u{85}\u{2028}X-Three: 3\0";
        let plain = formatted("Example no-reply@example.org", "a", "Hello");
        for (from, subject) in [("Example no-reply@example.org", odd), (&format!("{odd} no-reply@example.org"), "a")] {
            let text = formatted(from, subject, "Hello");
            let names = |text: &str| -> Vec<String> {
                let names = headers(text).into_iter().filter(|line| !line.starts_with(' '));
                names.map(|line| line.split(':').next().unwrap().to_owned()).collect()
            };
            assert_eq!(names(&text), names(&plain), "{text}");
        }
    }

    #[test]
    fn no_body_ends_early_or_has_lines_that_are_too_long() {
        let long = "ä".repeat(3000);
        let odd = format!("\n.\n\r.\r\r\n.\r\nMAIL FROM:<eve@example.com>\n{long}\n{}\n", "x ".repeat(3000));
        let text = formatted("no-reply@example.org", &long, &odd);
        assert!(text.is_ascii());
        let lines: Vec<_> = text.split("\r\n").collect();
        assert!(!lines.iter().any(|line| line.contains(['\r', '\n']) || line.len() > 998), "{text:.2000}");
    }
}
