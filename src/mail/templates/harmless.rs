//! What somebody typed, in a form that no mail program makes a link of, and no reader is misled by.
//!
//! Mail programs look for what resembles a link, in plain text as well. `docs/decisions/words-of-mails.md` has what is done
//! about it.

use crate::client::visible;

/// Longest address, and so longest text, in characters (RFC 5321 section 4.5.3.1.3).
const LENGTH: usize = 254;

/// Shows nothing, and ends what a mail program takes for one word (ZERO WIDTH NON-JOINER).
const BREAK: char = '\u{200c}';

/// The text for HTML, broken up after each character that a link needs. It is not escaped.
pub(super) fn unlinked(text: &str) -> String {
    let mut unlinked = String::new();
    for character in visible(text, LENGTH).chars() {
        unlinked.push(character);
        if !character.is_alphanumeric() && character != ' ' {
            unlinked.push(BREAK);
        }
    }
    unlinked
}

/// The username, if it can stand in plain text and in a subject: if it has only letters, digits, `-` and `_`.
pub(super) fn plain_name(name: &str) -> Option<&str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_plain = name.len() <= LENGTH && name.bytes().all(allowed) && name.bytes().any(|b| b.is_ascii_alphabetic());
    is_plain.then_some(name)
}

/// The name of something, if it can stand in plain text: if it has only letters and digits of any language, and marks that no link
/// has.
pub(super) fn plain_title(name: &str) -> Option<&str> {
    let allowed = |character: char| character.is_alphanumeric() || " -_'’(),".contains(character);
    let is_plain = name.chars().count() <= LENGTH && name.chars().all(allowed) && name.chars().any(char::is_alphabetic);
    is_plain.then_some(name)
}

/// The e-mail address, if it can stand in plain text: if no part of it is a link, but at the most the whole of it, to write to
/// it.
pub(super) fn plain_address(address: &str) -> Option<&str> {
    let (mailbox, domain) = address.rsplit_once('@')?;
    let is_plain = |text: &str, marks: &[u8]| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || marks.contains(&byte))
            && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
    };
    let sound = address.len() <= LENGTH && is_plain(mailbox, b".-_+") && is_plain(domain, b".-");
    (sound && !mailbox.split(['-', '_', '+']).any(is_host)).then_some(address)
}

/// Whether mail programs could take the text for the name of a host, such as `evil.com`, unlike `ada.lovelace`.
fn is_host(text: &str) -> bool {
    let begins_like_one = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."));
    let lower = text.to_ascii_lowercase();
    begins_like_one || psl::domain(lower.as_bytes()).is_some_and(|domain| domain.suffix().is_known())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_that_could_be_a_link_is_none_in_plain_text() {
        for title in ["Ada's MacBook Pro (2)", "Büro-Rechner", "名前"] {
            assert_eq!(plain_title(title), Some(title));
        }
        for title in
            ["evil.com", "a:b", "a/b", "a@b", "0800 123456", "<b>", "evil。com", "a\u{202e}b", "a\nb", "www.x", ""]
        {
            assert_eq!(plain_title(title), None, "{title:?}");
        }
    }

    #[test]
    fn a_name_that_could_be_a_link_is_none_in_plain_text() {
        for name in ["ada", "Ada_Lovelace-1"] {
            assert_eq!(plain_name(name), Some(name));
        }
        for name in
            ["evil.com", "https://evil.example", "a/b", "a:b", "a@b", "ada\n", "<b>", "ada\u{202e}", "а", "", "123"]
        {
            assert_eq!(plain_name(name), None, "{name:?}");
        }
        assert_eq!(plain_name(&"a".repeat(255)), None);
    }

    #[test]
    fn an_address_that_has_a_link_in_it_is_none_in_plain_text() {
        for address in ["ada@example.com", "info@example.com", "ada.lovelace+tag@mail.example.com", "a_b-c@x.example"] {
            assert_eq!(plain_address(address), Some(address));
        }
        for address in [
            "evil.com@x.example",
            "Evil.COM@x.example",
            "log-in_evil.co.uk+x@x.example",
            "www.evil.example@x.example",
            "WWW.evil.example@x.example",
            "evil.com/login@x.example",
            "http://evil.com@x.example",
            "a@evil.com@x.example",
            "a\n@x.example",
            "a@x.example\r\nBcc: b@x.example",
            "<a@x.example>",
            "ada",
            "@x.example",
            "ada@",
        ] {
            assert_eq!(plain_address(address), None, "{address:?}");
        }
    }

    #[test]
    fn in_html_nothing_is_left_that_is_a_link() {
        let broken = unlinked("https://evil.example/\u{202e}a\nb");
        assert_eq!(broken, "https:\u{200c}/\u{200c}/\u{200c}evil.\u{200c}example/\u{200c}ab");
        assert_eq!(unlinked("192.0.2.7"), "192.\u{200c}0.\u{200c}2.\u{200c}7");
        assert_eq!(unlinked(&"ä".repeat(1000)).chars().count(), 254);
    }
}
