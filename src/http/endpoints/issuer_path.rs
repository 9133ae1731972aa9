//! The path of the issuer, which a proxy takes away before the server sees it.

use url::Url;

/// Without a slash at its end and with one at its start, whatever else the issuer has there: two would name a host.
pub(crate) fn of(issuer: &str) -> Option<String> {
    let url = Url::parse(issuer).ok()?;
    let path = url.path().trim_matches('/');
    (!path.is_empty()).then(|| format!("/{path}"))
}

/// The same, where a route of it would stand for nothing but itself.
pub(crate) fn literal(issuer: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    of(issuer).filter(|prefix| prefix.bytes().all(is_plain))
}
