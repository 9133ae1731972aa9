//! The name by which recipients know the application.

use url::Url;

use crate::client::visible;

/// Longest name, in characters.
const LENGTH: usize = 64;

/// The name in the sender's mailbox, such as `Example <no-reply@example.com>`, else the host of the page behind links.
pub(super) fn of(from: &str, link_url: &Url) -> String {
    let name = from.rsplit_once('<').map_or("", |(name, _)| name).trim();
    let name = match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(quoted) => unescaped(quoted),
        None => name.to_owned(),
    };
    let name = visible(name.trim(), LENGTH);
    if name.is_empty() { link_url.host_str().unwrap_or_default().to_owned() } else { name }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_that_of_the_sender_else_the_host_of_links() {
        let page = Url::parse("https://login.example.com/confirm").unwrap();
        for (from, name) in [
            ("Example <no-reply@example.com>", "Example"),
            ("\"Ada, \\\"Inc.\\\"\" <no-reply@example.com>", "Ada, \"Inc.\""),
            ("  Größe & Co  <a@b.example>", "Größe & Co"),
            ("no-reply@example.com", "login.example.com"),
            ("<no-reply@example.com>", "login.example.com"),
            ("\"\" <no-reply@example.com>", "login.example.com"),
        ] {
            assert_eq!(of(from, &page), name, "{from}");
        }
    }
}
