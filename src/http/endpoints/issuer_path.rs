//! The path of the issuer, which a proxy removes before the server sees it.

use url::Url;

/// The path starts with exactly one slash and ends with none, whatever the issuer has. Two slashes at the start would
/// name a host.
pub(crate) fn of(issuer: &str) -> Option<String> {
    let url = Url::parse(issuer).ok()?;
    let path = url.path().trim_matches('/');
    (!path.is_empty()).then(|| format!("/{path}"))
}

/// The same path, if a route of it matches nothing but itself.
pub(crate) fn literal(issuer: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    of(issuer).filter(|prefix| prefix.bytes().all(is_plain))
}
