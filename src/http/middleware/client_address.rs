//! The address of the client that sent a request.

use std::net::IpAddr;
use std::sync::Once;

use poem::Request;
use poem::http::HeaderMap;
use poem::http::header::{ACCEPT_LANGUAGE, FORWARDED, HeaderName, USER_AGENT};

use super::forwarded;
use super::request_id::RequestId;
use crate::app::App;
use crate::client::Client;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The headers in which trusted proxies name a client's address.
pub(crate) const NAMING_ADDRESSES: [HeaderName; 2] = [FORWARDED, X_FORWARDED_FOR];

/// Where a request comes from, found once.
#[derive(Clone, Copy)]
struct Address(Option<IpAddr>);

/// Finds the client's address: that of the socket's peer, or the one that trusted proxies name.
pub(crate) fn locate(app: &App, request: &mut Request) {
    let peer = peer(request);
    let proxies = &app.config.connections.trusted_proxies;
    let headers = request.headers();
    let address = peer.map(|peer| {
        if proxies.is_empty() {
            if headers.contains_key(FORWARDED) || headers.contains_key(X_FORWARDED_FOR) {
                warn();
            }
            return peer;
        }
        let lines = |name| headers.get_all(name).into_iter().map(|value| value.as_bytes());
        let address =
            forwarded::client(peer, |address| proxies.trusts(address), lines(FORWARDED), lines(X_FORWARDED_FOR));
        if address == peer
            && proxies.trusts(peer)
            && headers.contains_key(FORWARDED)
            && headers.contains_key(X_FORWARDED_FOR)
        {
            warn_of_two();
        }
        address
    });
    request.set_data(Address(address));
}

/// The other side of the socket.
fn peer(request: &Request) -> Option<IpAddr> {
    request.remote_addr().as_socket_addr().map(|peer| peer.ip().to_canonical())
}

/// Whether a trusted proxy sent the request. Such a proxy has to remove what strangers may not say.
pub(crate) fn is_from_trusted_proxy(app: &App, request: &Request) -> bool {
    peer(request).is_some_and(|peer| app.config.connections.trusted_proxies.trusts(peer))
}

/// This is logged once, because any client can send the headers.
fn warn() {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(
            "a request names another client's address, which is not believed: if a proxy sent it, all clients share its \
             address until PORTCULLIS_TRUSTED_PROXIES names it"
        );
    });
}

/// That address.
pub(crate) fn address(request: &Request) -> Option<IpAddr> {
    request.data::<Address>().and_then(|address| address.0)
}

/// This is logged once, because any client behind such a proxy can send one of them.
fn warn_of_two() {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(
            "a trusted proxy sent both Forwarded and X-Forwarded-For, and they disagree: the client counts as the proxy; have the \
             proxy remove the one that it does not set"
        );
    });
}

/// The client as sessions know it.
pub(crate) fn client(request: &Request) -> Client {
    let client = client_at(address(request), request.headers());
    match request.data::<RequestId>() {
        Some(id) => client.in_request(id.as_str()),
        None => client,
    }
}

/// The device at this address that sent these headers.
pub(crate) fn client_at(address: Option<IpAddr>, headers: &HeaderMap) -> Client {
    let user_agent = headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let client = Client::new(address, user_agent.as_deref());
    match headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()) {
        Some(languages) => client.accepting(languages),
        None => client,
    }
}
