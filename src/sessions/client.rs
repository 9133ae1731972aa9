//! The device at the other end.

use std::net::IpAddr;

/// Longest `User-Agent` that is kept, in characters.
const USER_AGENT_LENGTH: usize = 256;

/// What a request tells of the device that sent it. The user agent is what the client claims.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Its address.
    pub ip_address: Option<IpAddr>,
    user_agent: Option<String>,
}

impl Client {
    /// A client with this address and `User-Agent` header, which is cut to 256 characters and rid of control characters.
    #[must_use]
    pub fn new(ip_address: Option<IpAddr>, user_agent: Option<&str>) -> Self {
        let user_agent = user_agent
            .map(|text| text.chars().filter(|c| !c.is_control()).take(USER_AGENT_LENGTH).collect::<String>())
            .filter(|text| !text.is_empty());
        Self { ip_address, user_agent }
    }

    /// Its `User-Agent`.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_cut_and_cleaned() {
        let long = format!("a\u{7f}b{}", "ü".repeat(300));
        let client = Client::new(None, Some(&long));
        assert_eq!(client.user_agent().map(|text| text.chars().count()), Some(256));
        assert!(client.user_agent().is_some_and(|text| text.starts_with("abü")));
        assert_eq!(Client::new(None, Some("")).user_agent(), None);
    }
}
