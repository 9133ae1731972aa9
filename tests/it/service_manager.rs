//! What a service manager is told by `NOTIFY_SOCKET`.

use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::cluster::watched_dir;
use crate::support::process::{Server, command, signal};

/// Longer than a start takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The next message.
fn told(socket: &UnixDatagram) -> std::io::Result<String> {
    let mut message = [0; 1000];
    loop {
        match socket.recv(&mut message) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            length => return Ok(String::from_utf8_lossy(&message[..length?]).into_owned()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_manager_is_told_of_readiness_and_of_the_stop_and_of_nothing_else() {
    let dir = watched_dir("notified");
    let path = dir.join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let environment = [
        ("NOTIFY_SOCKET", path.to_str().expect("UTF-8")),
        ("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8")),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", "64"),
    ];
    let mut server = command(&environment).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    let ready = told(&socket).expect("a message");
    let address = ready.strip_prefix("READY=1\nSTATUS=serving ").and_then(|rest| rest.strip_suffix("/graphql\n"));
    let address = address.unwrap_or_else(|| panic!("not ready: {ready:?}"));
    let health = reqwest::get(format!("{address}/health/ready")).await.expect("an answer");
    assert_eq!(health.status(), 200);
    signal(i32::try_from(server.id()).expect("a pid"), Signal::TERM);
    assert_eq!(told(&socket).expect("a message"), "STOPPING=1\nSTATUS=stopping: requests in flight may finish\n");
    assert!(server.wait().expect("an end").success());
    // PostgreSQL has ended as well, and would have told the same of itself.
    socket.set_nonblocking(true).expect("a mode");
    assert_eq!(told(&socket).expect_err("silence").kind(), ErrorKind::WouldBlock);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_manager_that_does_not_listen_is_no_reason_to_stop() {
    let dir = watched_dir("unnoticed");
    let server = Server::start(&[
        ("NOTIFY_SOCKET", dir.join("nobody").to_str().expect("UTF-8")),
        ("PORTCULLIS_DATA_DIR", dir.to_str().expect("UTF-8")),
        ("PORTCULLIS_ARGON2_MEMORY_KIB", "64"),
    ]);
    server.client().register("ada@example.com").await;
    let log = server.stop();
    assert_eq!(log.matches("can't be told by NOTIFY_SOCKET").count(), 2, "{log}");
}
