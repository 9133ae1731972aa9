//! The sender of mails.

use std::fmt;

/// Who sends mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The name that people see, if there is one.
    pub name: Option<String>,
    /// The address, in ASCII.
    pub address: String,
}

impl Sender {
    /// Reads an address, or a name and an address in angle brackets. The name may stand in quotes.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "it is neither an address nor a name and an address, such as Example <no-reply@example.com>";
        if text.contains(char::is_control) {
            return Err("it holds the end of a line, or another control character".to_owned());
        }
        let (name, address) = match text.strip_suffix('>') {
            Some(text) => text.rsplit_once('<').ok_or(FORM)?,
            None => ("", text),
        };
        let (local, domain) = address.trim().rsplit_once('@').ok_or(FORM)?;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| FORM)?;
        let address = format!("{local}@{domain}");
        let options = email_address::Options::default().without_display_text().without_domain_literal();
        let is_address =
            address.is_ascii() && email_address::EmailAddress::parse_with_options(&address, options).is_ok();
        let name = name.trim();
        let name = match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
            Some(quoted) => unescaped(quoted),
            None => name.to_owned(),
        };
        if !is_address || local.contains('"') || name.contains(['<', '>']) {
            return Err(FORM.to_owned());
        }
        Ok(Self { name: (!name.is_empty()).then_some(name), address })
    }

    /// The domain of the address.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain)
    }
}

/// What stands in a quoted string (RFC 5322 section 3.2.4).
fn unescaped(quoted: &str) -> String {
    let mut text = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        text.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    text
}

impl Default for Sender {
    /// The sender where none is set and no mail leaves the machine.
    fn default() -> Self {
        Self { name: Some("Portcullis".to_owned()), address: "no-reply@localhost".to_owned() }
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.write_str(&self.address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_one_mailbox() {
        let sender = |name: &str, address: &str| {
            Ok(Sender { name: (!name.is_empty()).then(|| name.to_owned()), address: address.to_owned() })
        };
        for (text, expected) in [
            ("no-reply@example.com", sender("", "no-reply@example.com")),
            ("<no-reply@localhost>", sender("", "no-reply@localhost")),
            ("Example <no-reply@example.com>", sender("Example", "no-reply@example.com")),
            (
                "Bücher, Kaffee & mehr <no-reply@bücher.example>",
                sender("Bücher, Kaffee & mehr", "no-reply@xn--bcher-kva.example"),
            ),
            ("\"Example, \\\"Inc.\\\"\" <a@example.com>", sender("Example, \"Inc.\"", "a@example.com")),
        ] {
            assert_eq!(Sender::parse(text), expected, "{text}");
        }
        for text in [
            "",
            "Example",
            "no-reply@",
            "@example.com",
            "a@example.com, b@example.com",
            "A <a@example.com>, B <b@example.com>",
            "A <a@example.com> B",
            "A <a b@example.com>",
            "a@example.com\r\nBcc: eve@example.com",
            "A\u{7}<a@example.com>",
            "ä@example.com",
            "\"a b\"@example.com",
            "a@[127.0.0.1]",
        ] {
            assert!(Sender::parse(text).is_err(), "{text:?}");
        }
    }
}
