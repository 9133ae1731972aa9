//! The device at the other end of a request.

use poem::Request;
use poem::http::header;

use super::request_log::RequestId;
use crate::client::Client;

/// Its address is the socket's peer: headers that name another are the client's to invent.
pub(super) fn client(request: &Request) -> Client {
    let address = request.remote_addr().as_socket_addr().map(|address| address.ip().to_canonical());
    let user_agent = request.headers().get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let client = Client::new(address, user_agent.as_deref());
    match request.data::<RequestId>() {
        Some(id) => client.in_request(id.as_str()),
        None => client,
    }
}
