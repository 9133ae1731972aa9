//! Who may read the mails of development.

use poem::Request;
use poem::http::{HeaderMap, header};
use url::Url;

use crate::app::App;
use crate::config::is_loopback;

/// Whether the sender of this request may read the mails: a browser on this machine that has asked this machine by a name of its
/// own, with nothing in between.
///
/// # Errors
/// A sentence that says why not.
pub(super) fn check(app: &App, request: &Request) -> Result<(), &'static str> {
    if app.config.mail_page().is_none() {
        return Err(
            "Mails are shown only in development, where PORTCULLIS_ISSUER names this machine, such as http://localhost:8080.",
        );
    }
    let peer = request.remote_addr().as_socket_addr().map(|peer| peer.ip().to_canonical());
    if !peer.is_some_and(|peer| peer.is_loopback()) {
        return Err("Mails are shown only to the machine on which the server runs.");
    }
    if names_others(request.headers()) {
        return Err("Mails are shown only without a proxy: a header of this request speaks of one.");
    }
    // A page of a foreign site can make its own name lead to this machine, and then reads what it asks for.
    if !request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).is_some_and(is_this_machine) {
        return Err("Mails are shown only under localhost, 127.0.0.1 or [::1].");
    }
    Ok(())
}

/// Whether a header shows that another machine has passed the request on. A client can leave such headers out, and proxies and
/// tunnels set them.
fn names_others(headers: &HeaderMap) -> bool {
    const WHOLE: [&str; 4] = ["forwarded", "via", "cdn-loop", "x-host"];
    const PARTS: [&str; 6] = ["x-forwarded", "x-original", "real-ip", "client-ip", "connecting-ip", "x-proxy"];
    headers
        .keys()
        .map(|name| name.as_str())
        .any(|name| WHOLE.contains(&name) || PARTS.iter().any(|part| name.contains(part)))
}

/// Whether a `Host` header, with or without a port, is a name of this machine.
fn is_this_machine(host: &str) -> bool {
    let is_plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    let url = Url::parse(&format!("http://{host}/")).ok().filter(|_| is_plain);
    url.is_some_and(|url| url.host().is_some_and(|host| is_loopback(&host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_taken() {
        for host in
            ["localhost", "LOCALHOST:8080", "app.localhost:1", "127.0.0.1:8080", "127.9.8.7", "[::1]", "[::1]:8080"]
        {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            ":8080",
            "example.com",
            "localhost.example.com",
            "notlocalhost",
            "127.0.0.1.nip.io",
            "localhost@example.com",
            "example.com@localhost",
            "example.com/@localhost",
            "example.com#localhost",
            "example.com?localhost",
            "localhost\\.example.com",
            "0.0.0.0",
            "10.0.0.1",
            "192.168.0.1:8080",
            "[::]",
            "[2001:db8::1]",
            "localhost:x",
            "localhost, example.com",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
