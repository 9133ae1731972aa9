//! Finds the client behind proxies by the headers in which each proxy names its own client: `Forwarded` (RFC 7239)
//! and `X-Forwarded-For`.
//!
//! Both are read from the right, because each proxy appends. An untrusted client may have invented what stands to the
//! left of its address. Quotes are matched from the right for the same reason.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The first address that is not trusted, from the peer outward, or the outermost if all are trusted. A hop that is
/// malformed or hidden ends the search, and the address before it is the result. If both headers are present and
/// disagree, a proxy may have passed one of them through unchanged, and it can't be known which. Then the result is
/// the peer.
pub(crate) fn client<'a>(
    peer: IpAddr,
    trusts: impl Fn(IpAddr) -> bool,
    forwarded: impl DoubleEndedIterator<Item = &'a [u8]>,
    x_forwarded_for: impl DoubleEndedIterator<Item = &'a [u8]>,
) -> IpAddr {
    let peer = peer.to_canonical();
    if !trusts(peer) {
        return peer;
    }
    let forwarded = forwarded.rev().flat_map(|line| Elements(Some(line))).map(forwarded_for);
    let x_forwarded_for = x_forwarded_for.rev().flat_map(|line| line.rsplit(|byte| *byte == b',')).map(listed);
    match (walk(&trusts, forwarded), walk(&trusts, x_forwarded_for)) {
        (Way::Untold, Way::Untold) => peer,
        (Way::Untold, Way::Told(address)) | (Way::Told(address), Way::Untold) => address.unwrap_or(peer),
        (Way::Told(one), Way::Told(other)) => one.filter(|_| one == other).unwrap_or(peer),
    }
}

/// The result of reading a header.
enum Way {
    /// The header is not present.
    Untold,
    /// The client's address. `None` if not even the nearest hop can be read.
    Told(Option<IpAddr>),
}

/// The hops, the nearest first.
fn walk(trusts: impl Fn(IpAddr) -> bool, hops: impl Iterator<Item = Option<IpAddr>>) -> Way {
    let mut way = Way::Untold;
    for hop in hops {
        match (hop, &way) {
            (None, Way::Untold) => return Way::Told(None),
            (None, Way::Told(_)) => return way,
            (Some(address), _) => way = Way::Told(Some(address)),
        }
        if hop.is_some_and(|address| !trusts(address)) {
            return way;
        }
    }
    way
}

/// The elements of one `Forwarded` line, the last one first. Commas separate them, except in quotes.
struct Elements<'a>(Option<&'a [u8]>);

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let line = self.0.take()?;
        let mut quoted = false;
        for (place, byte) in line.iter().enumerate().rev() {
            match byte {
                b'"' if quoted && is_escaped(line, place) => {}
                b'"' => quoted = !quoted,
                b',' if !quoted => {
                    self.0 = Some(&line[..place]);
                    return Some(&line[place + 1..]);
                }
                _ => {}
            }
        }
        Some(line)
    }
}

fn is_escaped(line: &[u8], place: usize) -> bool {
    line[..place].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The address in the only `for` of an element.
fn forwarded_for(element: &[u8]) -> Option<IpAddr> {
    let mut rest = text(element)?;
    let mut found = None;
    while !rest.is_empty() {
        if let Some(next) = rest.strip_prefix(';') {
            rest = next.trim_start_matches(SPACE);
            continue;
        }
        let (name, value, next) = pair(rest)?;
        if name.eq_ignore_ascii_case("for") && found.replace(value).is_some() {
            return None;
        }
        rest = next.trim_start_matches(SPACE);
        if !rest.is_empty() && !rest.starts_with(';') {
            return None;
        }
    }
    node(&found?)
}

const SPACE: [char; 2] = [' ', '\t'];

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().map(|text| text.trim_matches(SPACE))
}

/// A parameter's name and value, and what follows.
fn pair(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let (name, rest) = text.split_once('=').filter(|(name, _)| is_token(name))?;
    let Some(mut quoted) = rest.strip_prefix('"') else {
        let (value, rest) = rest.split_at(rest.find([';', ' ', '\t']).unwrap_or(rest.len()));
        return is_token(value).then_some((name, Cow::Borrowed(value), rest));
    };
    let mut value = String::new();
    loop {
        let place = quoted.find(['"', '\\'])?;
        value.push_str(&quoted[..place]);
        let rest = &quoted[place + 1..];
        if quoted[place..].starts_with('"') {
            return Some((name, Cow::Owned(value), rest));
        }
        let escaped = rest.chars().next()?;
        value.push(escaped);
        quoted = &rest[escaped.len_utf8()..];
    }
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// A node of RFC 7239 section 6 that is an address, `192.0.2.1` or `[2001:db8::1]`, with or without a port.
fn node(text: &str) -> Option<IpAddr> {
    let (address, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            (IpAddr::V6(address.parse::<Ipv6Addr>().ok()?), port)
        }
        None => {
            let (address, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (IpAddr::V4(address.parse::<Ipv4Addr>().ok()?), port)
        }
    };
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then(|| address.to_canonical())
}

fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(hidden) => !hidden.is_empty() && hidden.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)),
        None => text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok(),
    }
}

/// An address in `X-Forwarded-For`, where IPv6 is usually written without brackets.
fn listed(item: &[u8]) -> Option<IpAddr> {
    let text = text(item)?;
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical()).or_else(|| node(text))
}

#[cfg(test)]
#[path = "forwarded/tests.rs"]
mod tests;
