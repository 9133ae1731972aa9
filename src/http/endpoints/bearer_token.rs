//! The bearer token of a request.

use poem::Request;
use poem::http::{HeaderMap, header};

use crate::graphql::Requester;
use crate::http::middleware::client_address::client;
use crate::tokens::Credential;

/// The credential of the request. It is not verified here.
pub(crate) fn requester(request: &Request) -> Requester {
    Requester::new(credential(request.headers()), client(request))
}

/// RFC 6750 section 2.1. Two headers are refused, because a proxy may have checked the other one.
pub(crate) fn credential(headers: &HeaderMap) -> Credential {
    let mut headers = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = headers.next() else { return Credential::Missing };
    if headers.next().is_some() {
        return Credential::Malformed;
    }
    match value.to_str().ok().and_then(|value| value.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => {
            Credential::Bearer(token.trim_matches(' ').to_owned())
        }
        _ => Credential::Malformed,
    }
}
