//! A proxy between server and database. It counts messages and keeps statements, and can be cut or frozen.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio_postgres::config::Host;

use super::database::TestDatabase;

/// What the proxy does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Network {
    /// It passes everything on.
    Up,
    /// It passes nothing on, and keeps the connections open.
    Frozen,
    /// It passes everything on except notifications.
    Deaf,
    /// It breaks connections, and refuses new ones.
    Cut,
    /// It passes everything on, and refuses new connections.
    Full,
    /// It passes everything on, but new connections get no answers.
    Clogged,
}

/// What the server has sent.
#[derive(Default)]
struct Sent {
    trips: AtomicUsize,
    statements: Mutex<Vec<String>>,
}

/// The proxy.
pub(crate) struct Proxy {
    port: u16,
    sent: Arc<Sent>,
    network: watch::Sender<Network>,
}

impl Proxy {
    /// A proxy in front of the server of `database`.
    pub(crate) async fn before(database: &TestDatabase) -> Self {
        let config: tokio_postgres::Config = database.url.parse().expect("a URL of the tests");
        let host = config.get_hosts().first().expect("a host").clone();
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own_port = listener.local_addr().expect("an address").port();
        let sent = Arc::new(Sent::default());
        let (network, state) = watch::channel(Network::Up);
        let counted = sent.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, host.clone(), port, counted.clone(), state.clone()));
            }
        });
        Self { port: own_port, sent, network }
    }

    /// The URL of `database` through this proxy.
    pub(crate) fn url(&self, database: &TestDatabase) -> String {
        let (start, rest) = database.url.split_once('@').expect("credentials");
        let (_, path) = rest.split_once('/').expect("a database");
        format!("{start}@127.0.0.1:{}/{path}&sslmode=disable", self.port)
    }

    pub(crate) fn set(&self, network: Network) {
        self.network.send_replace(network);
    }

    /// The number of messages so far that PostgreSQL had to answer before the server could continue.
    pub(crate) fn trips(&self) -> usize {
        self.sent.trips.load(Ordering::SeqCst)
    }

    /// The statements that were executed since this was last asked, in order. The heartbeat of the feed is left out.
    pub(crate) fn statements(&self) -> Vec<String> {
        std::mem::take(&mut *self.sent.statements.lock().expect("no panic"))
    }
}

async fn carry(client: TcpStream, host: Host, port: u16, sent: Arc<Sent>, network: watch::Receiver<Network>) {
    let state = *network.borrow();
    match state {
        Network::Cut | Network::Full => return,
        Network::Clogged => return std::future::pending().await,
        Network::Up | Network::Frozen | Network::Deaf => {}
    }
    // Messages are carried one by one, and none waits for the next.
    _ = client.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let mut cut = network.clone();
    let both = async {
        match host {
            Host::Unix(directory) => {
                let path = directory.join(format!(".s.PGSQL.{port}"));
                let (read, write) = UnixStream::connect(path).await.ok()?.into_split();
                tokio::join!(forward(from_client, write, sent, network.clone()), back(read, to_client, network));
            }
            Host::Tcp(name) => {
                let (read, write) = TcpStream::connect((name, port)).await.ok()?.into_split();
                tokio::join!(forward(from_client, write, sent, network.clone()), back(read, to_client, network));
            }
        }
        Some(())
    };
    tokio::select! {
        _ = both => {}
        _ = cut.wait_for(|network| *network == Network::Cut) => {}
    }
}

/// Counts the messages `Sync` and `Query` (PostgreSQL documentation, section 55.7), each of which ends a round trip.
/// Those after `Close` don't count, because nobody waits for the answer.
async fn forward(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    sent: Arc<Sent>,
    mut network: watch::Receiver<Network>,
) -> Option<()> {
    let mut first = true;
    let mut last = 0;
    let mut prepared = HashMap::new();
    loop {
        // The first message has no type.
        let kind = if first { 0 } else { from.read_u8().await.ok()? };
        let length = from.read_u32().await.ok()?;
        let mut rest = vec![0; length as usize - 4];
        from.read_exact(&mut rest).await.ok()?;
        network.wait_for(|network| *network != Network::Frozen).await.ok()?;
        // The heartbeat of the feed belongs to no request.
        let beat = rest.starts_with(b"SELECT pg_notify");
        if kind == b'Q' && !beat || kind == b'S' && last != b'C' {
            sent.trips.fetch_add(1, Ordering::SeqCst);
        }
        match (kind, texts(&rest)) {
            (b'P', [name, statement]) => _ = prepared.insert(name, statement),
            // Of a statement that is bound the second text is its name.
            (b'B', [_, name]) => sent.statements.lock().ok()?.extend(prepared.get(&name).cloned()),
            (b'Q', [statement, _]) if !beat => sent.statements.lock().ok()?.push(statement),
            _ => {}
        }
        last = kind;
        let kind = if first { Vec::new() } else { vec![kind] };
        to.write_all(&[kind, length.to_be_bytes().to_vec(), rest].concat()).await.ok()?;
        first = false;
    }
}

/// The first two texts of a message; each ends with a zero.
fn texts(message: &[u8]) -> [String; 2] {
    let mut texts = message.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
    [(); 2].map(|()| texts.next().unwrap_or_default())
}

async fn back(
    from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut network: watch::Receiver<Network>,
) -> Option<()> {
    let mut from = BufReader::new(from);
    loop {
        let kind = from.read_u8().await.ok()?;
        let length = from.read_u32().await.ok()?;
        let mut rest = vec![0; length as usize - 4];
        from.read_exact(&mut rest).await.ok()?;
        let state = *network.wait_for(|network| *network != Network::Frozen).await.ok()?;
        // NotificationResponse.
        if kind == b'A' && state == Network::Deaf {
            continue;
        }
        to.write_all(&[vec![kind], length.to_be_bytes().to_vec(), rest].concat()).await.ok()?;
    }
}
