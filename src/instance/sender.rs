//! The sender of an operation from within the process.

use std::net::IpAddr;

use poem::http::{HeaderMap, HeaderValue, header};

use crate::graphql::Requester;
use crate::http::client_at;
use crate::http::credential;

/// The sender of an operation for [`Portcullis::execute`](super::Portcullis::execute): the headers that a request
/// over HTTP would have, and the address that it would come from.
///
/// Attempts are limited by address. Senders without one share one limit, so name the address of the person for whom
/// you register or log in.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    headers: HeaderMap,
    address: Option<IpAddr>,
}

impl Sender {
    /// A sender who is not signed in and has no address.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// A sender with this access token. Text that a header can't have counts as no valid token.
    #[must_use]
    pub fn with_token(access_token: &str) -> Self {
        let mut value = HeaderValue::from_str(&format!("Bearer {access_token}"))
            .unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
        value.set_sensitive(true);
        Self { headers: HeaderMap::from_iter([(header::AUTHORIZATION, value)]), address: None }
    }

    /// The sender of these headers. `Authorization` and `User-Agent` are read.
    #[must_use]
    pub fn with_headers(headers: &HeaderMap) -> Self {
        let mut sender = Self::default();
        for name in [header::AUTHORIZATION, header::USER_AGENT] {
            for value in headers.get_all(&name) {
                let mut value = value.clone();
                value.set_sensitive(name == header::AUTHORIZATION);
                sender.headers.append(name.clone(), value);
            }
        }
        sender
    }

    /// The same sender at this address.
    #[must_use]
    pub fn at(self, address: IpAddr) -> Self {
        Self { address: Some(address.to_canonical()), ..self }
    }

    pub(super) fn requester(&self, request_id: &str) -> Requester {
        let client = client_at(self.address, &self.headers).in_request(request_id);
        Requester::new(credential(&self.headers), client)
    }
}
