//! A client that writes HTTP/1.1 by hand, as slowly and as badly as a test wants.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// A timeout that is longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The smallest body that is answered.
pub(crate) const TYPENAME: &str = "{\"query\":\"{ __typename }\"}";

/// A connection.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    read: Vec<u8>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.head))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Raw {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::from("127.0.0.1", address).await
    }

    /// Connects from an address of this machine, with a small buffer for what it does not read.
    pub(crate) async fn from(own: &str, address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        socket.bind(SocketAddr::new(own.parse::<IpAddr>().expect("an address"), 0)).expect("an address of ours");
        let stream = timeout(PATIENCE, socket.connect(address)).await.expect("in time").expect("a connection");
        Self { stream, read: Vec::new() }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        timeout(PATIENCE, self.stream.write_all(text.as_bytes())).await.expect("in time").expect("a connection");
    }

    /// Sends a byte from time to time until the server closes. Returns what the server sent.
    pub(crate) async fn drip(mut self, text: &str) -> String {
        let (mut from, mut to) = self.stream.split();
        let write = async {
            let mut pause = tokio::time::interval(Duration::from_millis(20));
            for byte in text.bytes().cycle() {
                pause.tick().await;
                if to.write_all(&[byte]).await.is_err() {
                    break;
                }
            }
            std::future::pending::<()>().await;
        };
        let read = async {
            // A reset is an end as well.
            let _ = from.read_to_end(&mut self.read).await;
        };
        let either = async {
            tokio::select! {
                () = write => {}
                () = read => {}
            }
        };
        timeout(PATIENCE, either).await.expect("it is never closed");
        String::from_utf8(self.read).expect("text")
    }

    /// What the server sends until it closes.
    pub(crate) async fn end(mut self) -> String {
        let _ = timeout(PATIENCE, self.stream.read_to_end(&mut self.read)).await.expect("it is never closed");
        String::from_utf8(self.read).expect("text")
    }

    /// The next answer.
    pub(crate) async fn answer(&mut self) -> Answer {
        let mut answer = self.head().await;
        let length = answer.header("content-length").map_or(0, |length| length.parse().expect("a length"));
        while self.read.len() < length {
            self.more().await;
        }
        answer.body = self.read.drain(..length).collect();
        answer
    }

    /// The head of the next answer.
    pub(crate) async fn head(&mut self) -> Answer {
        let end = loop {
            if let Some(place) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break place + 4;
            }
            self.more().await;
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).expect("text");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head, body: Vec::new() }
    }

    /// Reads until this many bytes of answers have arrived.
    pub(crate) async fn read_up_to(&mut self, bytes: usize) {
        while self.read.len() < bytes {
            self.more().await;
        }
    }

    async fn more(&mut self) {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await.expect("an answer in time");
        assert!(read.expect("a connection") > 0, "closed: {}", String::from_utf8_lossy(&self.read));
    }
}

/// A whole request.
pub(crate) fn post(body: &str) -> String {
    format!("{}{body}", head(body.len()))
}

/// The head of a request with a body of this many bytes.
pub(crate) fn head(length: usize) -> String {
    format!("POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n")
}
