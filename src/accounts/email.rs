//! E-mail addresses.

use std::fmt;

/// Longest address, in octets (RFC 5321 section 4.5.3.1.3, less the angle brackets).
const MAX_OCTETS: usize = 254;

/// A mailbox (RFC 5321): an ASCII local part without quotes or comments, and a domain of two labels or more. The
/// domain is stored in its ASCII form (RFC 5891), and the local part as it was typed. Two addresses that differ only
/// in case are the same.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

/// The text is not an e-mail address that we accept.
#[derive(Debug, PartialEq, Eq)]
pub struct BadEmail;

impl EmailAddress {
    /// Reads an address. Spaces around it are removed.
    ///
    /// # Errors
    /// When it is not an address of that kind.
    pub fn parse(typed: &str) -> Result<Self, BadEmail> {
        let typed = typed.trim();
        // This comes before the Unicode tables, which need not process a long text.
        if typed.len() > 4 * MAX_OCTETS {
            return Err(BadEmail);
        }
        let (local, domain) = typed.rsplit_once('@').ok_or(BadEmail)?;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| BadEmail)?;
        let address = format!("{local}@{domain}");
        let options =
            email_address::Options::default().with_required_tld().without_display_text().without_domain_literal();
        if address.len() > MAX_OCTETS || !local.is_ascii() || local.contains('"') {
            return Err(BadEmail);
        }
        email_address::EmailAddress::parse_with_options(&address, options).map_err(|_| BadEmail)?;
        // A top-level domain is never a number, but the last label of an IPv4 address is.
        if domain.rsplit('.').next().is_none_or(|label| label.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(BadEmail);
        }
        Ok(Self(address))
    }

    /// The address as it was typed, with its domain in ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which addresses are compared. The index `accounts_email_key` folds in the same way.
    pub(crate) fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[e-mail address]")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_addresses_are_taken_as_typed() {
        for (typed, kept) in [
            ("ada@example.com", "ada@example.com"),
            (" Ada.Lovelace+news@Example.COM ", "Ada.Lovelace+news@example.com"),
            ("o'hara@mail.example.co.uk", "o'hara@mail.example.co.uk"),
            ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ] {
            assert_eq!(EmailAddress::parse(typed).map(|email| email.0), Ok(kept.to_owned()));
        }
    }

    #[test]
    fn case_does_not_tell_addresses_apart() {
        let folded = |typed| EmailAddress::parse(typed).map(|email| email.folded());
        assert_eq!(folded("ADA@EXAMPLE.com"), folded("ada@example.COM"));
    }

    proptest! {
        /// A stored address can be used as it is in a header of an e-mail and in an SMTP command.
        #[test]
        fn whatever_is_typed_what_is_kept_is_one_plain_mailbox(
            address in prop::sample::select(vec![
                "ada@example.com", "a.b+c@bücher.example", "o'hara%00@пример.рф", "-x@xn--bcher-kva.example",
            ]),
            odd in prop_oneof![
                any::<char>(),
                (0..128_u8).prop_map(char::from),
                prop::sample::select(vec!['\u{ad}', '\u{200b}', '\u{202e}', '\u{3002}', '\u{ff20}', '\u{ff41}', '\u{212a}']),
            ],
            place in 0..25_usize,
        ) {
            let mut typed: Vec<char> = address.chars().collect();
            typed.insert(place.min(typed.len()), odd);
            let typed: String = typed.into_iter().collect();
            if let Ok(email) = EmailAddress::parse(&typed) {
                let kept = email.as_str();
                prop_assert!(kept.len() <= MAX_OCTETS && kept.matches('@').count() == 1, "{typed:?}: {kept}");
                let plain = |c: char| c.is_ascii_graphic() && !"\"(),:;<>[\\]".contains(c);
                prop_assert!(kept.chars().all(plain), "{typed:?}: {kept}");
                prop_assert_eq!(EmailAddress::parse(kept), Ok(email.clone()));
            }
        }

        #[test]
        fn whatever_is_typed_what_is_kept_is_read_again_as_itself_and_fits_the_table(
            typed in prop_oneof![
                any::<String>(),
                "\\PC{0,12}@\\PC{0,12}",
                "[ \t]?[a-zA-Z0-9.+'\"%-]{1,70}@[a-zäßıİKſ。．A-Z0-9.-]{1,80}\\.[a-zа-я]{1,5}",
                "[a-z]{1,3}@([a-zü\u{300}\u{200d}-]{1,60}\\.){1,6}[a-z]{2}",
                "[a-z]@xn--[a-z0-9-]{0,12}\\.[a-z]{1,3}",
            ],
        ) {
            if let Ok(email) = EmailAddress::parse(&typed) {
                let kept = email.as_str();
                prop_assert!((3..=MAX_OCTETS).contains(&kept.len()), "{typed:?}: {kept}");
                prop_assert!(kept.chars().all(|c| c.is_ascii_graphic()), "{typed:?}: {kept}");
                prop_assert_eq!(EmailAddress::parse(kept), Ok(email.clone()), "{:?}", typed);
                let folded = EmailAddress::parse(&email.folded()).map(|folded| folded.folded());
                prop_assert_eq!(folded, Ok(email.folded()), "{:?}", typed);
            }
        }
    }

    #[test]
    fn what_is_no_mailbox_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}.com", "a.".repeat(130));
        let longest = format!("a@{}.com", "ü".repeat(1_000_000));
        for typed in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "ada@localhost",
            "ada@example..com",
            ".ada@example.com",
            "ada@[127.0.0.1]",
            "ada@127.0.0.1",
            "a b@example.com",
            "ada@exam ple.com",
            "ada@example.com\0",
            "ada@example.com\r\nBcc: eve@example.com",
            "Ada <ada@example.com>",
            "\"a b\"@example.com",
            "ädä@example.com",
            "ada@-example.com",
            &long,
            &longer,
            &longest,
        ] {
            assert_eq!(EmailAddress::parse(typed), Err(BadEmail), "{typed:.60}");
        }
    }
}
