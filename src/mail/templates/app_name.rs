//! The name by which recipients know the application.

use url::Url;

use crate::client::visible;
use crate::config::Sender;

/// Longest name, in characters.
const LENGTH: usize = 64;

/// The name of the sender, else the host of the page behind links.
pub(super) fn of(from: &Sender, link_url: &Url) -> String {
    let name = visible(from.name.as_deref().unwrap_or_default().trim(), LENGTH);
    if name.is_empty() { link_url.host_str().unwrap_or_default().to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_that_of_the_sender_else_the_host_of_links() {
        let page = Url::parse("https://login.example.com/confirm").unwrap();
        for (from, name) in [
            (Some("Example"), "Example"),
            (Some("  Größe & Co  "), "Größe & Co"),
            (Some(" "), "login.example.com"),
            (None, "login.example.com"),
        ] {
            let sender = Sender { name: from.map(str::to_owned), address: "no-reply@example.com".to_owned() };
            assert_eq!(of(&sender, &page), name, "{from:?}");
        }
    }
}
