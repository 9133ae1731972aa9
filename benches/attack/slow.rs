//! Clients that take their time: half a head, a head and a body a byte at a time, and silence.

use std::net::Ipv4Addr;
use std::time::Duration;

use portcullis::clock::Stopwatch;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::support::Outcome;
use crate::support::client::connect_from;
use crate::support::times::percentile;

/// How long they are watched: longer than the server gives them by default.
const WATCHED: Duration = Duration::from_secs(40);

/// Between two bytes.
const PAUSE: Duration = Duration::from_secs(1);

const HEAD: &str = "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n";

pub(crate) struct Said {
    clients: usize,
    /// How long each held its connection that was closed for it.
    held: Vec<Duration>,
    refused: usize,
    left: usize,
}

enum End {
    Refused,
    Closed(Duration),
    Holds,
}

/// Half of them come from one address, the others from one each.
pub(crate) async fn attack(address: &str, clients: usize) -> Outcome<Said> {
    let mut running = JoinSet::new();
    for number in 0..clients {
        let (address, last) = (address.to_owned(), u8::try_from(number % 250)? + 1);
        let source = if number % 2 == 0 { Ipv4Addr::new(127, 2, 0, 1) } else { Ipv4Addr::new(127, 2, 1, last) };
        running.spawn(async move { hold(&address, source, number / 2 % 3).await });
    }
    let mut said = Said { clients, held: Vec::new(), refused: 0, left: 0 };
    while let Some(end) = running.join_next().await {
        match end? {
            End::Refused => said.refused += 1,
            End::Closed(held) => said.held.push(held),
            End::Holds => said.left += 1,
        }
    }
    said.held.sort_unstable();
    Ok(said)
}

async fn hold(address: &str, source: Ipv4Addr, way: usize) -> End {
    let watch = Stopwatch::start();
    let Ok(stream) = connect_from(source, address).await else { return End::Refused };
    let (mut reading, mut writing) = stream.into_split();
    let send = async {
        let (begin, drip) = match way {
            0 => (HEAD.to_owned(), "x"),
            1 => (format!("{HEAD}\r\n{{"), " "),
            _ => (String::new(), ""),
        };
        let mut whole = writing.write_all(begin.as_bytes()).await;
        while whole.is_ok() {
            tokio::time::sleep(PAUSE).await;
            whole = writing.write_all(drip.as_bytes()).await;
        }
        std::future::pending::<()>().await;
    };
    // What is answered is read, and what counts is the end.
    let closed = async {
        let mut buffer = [0; 1024];
        while matches!(reading.read(&mut buffer).await, Ok(length) if length > 0) {}
    };
    tokio::select! {
        () = send => End::Holds,
        () = closed => End::Closed(watch.elapsed()),
        () = tokio::time::sleep(WATCHED) => End::Holds,
    }
}

/// Prints it. Returns how many things are wrong.
pub(crate) fn tell(said: &Said) -> usize {
    let Said { clients, held, refused, left } = said;
    println!(
        "  {clients} slow clients: {refused} refused, {} closed after {:.1} to {:.1} s, {left} left after {} s",
        held.len(),
        percentile(held, 0.0) / 1000.0,
        percentile(held, 1.0) / 1000.0,
        WATCHED.as_secs(),
    );
    *left
}
