//! The client that sent a request.

use std::net::{IpAddr, Ipv6Addr};

use icu_properties::props::DefaultIgnorableCodePoint;
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed};
use tokio::time::Instant;

use crate::clock::moment;

/// Longest `User-Agent` that is kept, in characters.
const USER_AGENT_LENGTH: usize = 256;

/// Longest `Accept-Language` that is kept, in bytes.
const MAX_ACCEPT_LANGUAGE: usize = 256;

/// What is known about the client that sent a request. The user agent is what the client claims.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Its address.
    pub ip_address: Option<IpAddr>,
    /// The request's id.
    pub request_id: Option<String>,
    /// When the request arrived.
    pub asked_at: Option<Instant>,
    user_agent: Option<String>,
    accept_language: Option<String>,
}

impl Client {
    /// A client with this address and `User-Agent` header. The header is cut to 256 characters, and invisible ones
    /// are removed.
    #[must_use]
    pub fn new(ip_address: Option<IpAddr>, user_agent: Option<&str>) -> Self {
        let user_agent = user_agent.map(|text| visible(text, USER_AGENT_LENGTH)).filter(|text| !text.trim().is_empty());
        Self { ip_address, request_id: None, asked_at: Some(moment()), user_agent, accept_language: None }
    }

    /// The same, with this `Accept-Language` header. One that is too long counts as none.
    #[must_use]
    pub fn accepting(self, languages: &str) -> Self {
        Self { accept_language: (languages.len() <= MAX_ACCEPT_LANGUAGE).then(|| languages.to_owned()), ..self }
    }

    /// The same, in the request with this id.
    #[must_use]
    pub fn in_request(self, id: &str) -> Self {
        Self { request_id: Some(id.to_owned()), ..self }
    }

    /// Its `User-Agent`.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// Its `Accept-Language`.
    #[must_use]
    pub fn accept_language(&self) -> Option<&str> {
        self.accept_language.as_deref()
    }

    /// The first 48 bits of an IPv6 address. Someone who rents one machine often has the whole range.
    #[must_use]
    pub fn site(&self) -> Option<IpAddr> {
        match self.ip_address?.to_canonical() {
            IpAddr::V6(address) => Some(Ipv6Addr::from_bits(address.to_bits() >> 80 << 80).into()),
            IpAddr::V4(_) => None,
        }
    }

    /// The network of its address.
    #[must_use]
    pub fn network(&self) -> Option<IpAddr> {
        self.ip_address.map(network)
    }
}

/// The part of an address that identifies its network: all of an IPv4 address, and the first 64 bits of an IPv6
/// address, whose rest the host can choose.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

/// The first `length` visible characters of a text.
pub(crate) fn visible(text: &str, length: usize) -> String {
    // Printable ASCII needs no filter.
    if text.len() <= length && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return text.to_owned();
    }
    text.chars().filter(|c| is_visible(*c)).take(length).collect()
}

/// Whether the character is visible and does not move its neighbours. These are not: control characters, ends of
/// lines, marks of annotations, and all characters that Unicode lets programs ignore, such as those that change the
/// direction of writing.
fn is_visible(c: char) -> bool {
    const IGNORABLE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    !c.is_control() && !matches!(c, '\u{2028}'..='\u{2029}' | '\u{fff9}'..='\u{fffb}') && !IGNORABLE.contains(c)
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
        assert_eq!(Client::new(None, Some(" \u{200b} ")).user_agent(), None);
    }

    #[test]
    fn addresses_of_one_network_count_as_one() {
        let network = |text: &str| Client::new(text.parse().ok(), None).network().map(|network| network.to_string());
        assert_eq!(network("192.0.2.7").as_deref(), Some("192.0.2.7"));
        assert_eq!(network("::ffff:192.0.2.7").as_deref(), Some("192.0.2.7"));
        assert_eq!(network("2001:db8:1:2:3:4:5:6").as_deref(), Some("2001:db8:1:2::"));
        assert_eq!(network("2001:db8:1:2:ffff::").as_deref(), Some("2001:db8:1:2::"));
        assert_eq!(network("2001:db8:1:3::").as_deref(), Some("2001:db8:1:3::"));
    }
}
