//! Settings of connections: who a client is, and how slow and large it may be.

use std::time::Duration;

use clap::Args;

use super::TrustedProxies;
use super::check::Check;

/// As they are given.
#[derive(Args, Clone)]
pub struct ConnectionSettings {
    /// Proxies whose Forwarded and X-Forwarded-For headers are believed: addresses and networks, separated by commas, such
    /// as 10.0.0.0/8,2001:db8::7. Without any a client's address is the socket's.
    #[arg(long, global = true, env = "PORTCULLIS_TRUSTED_PROXIES", value_name = "NETWORKS")]
    pub trusted_proxies: Option<String>,

    /// How long a client may take to send the headers of a request: 100ms to 1m.
    #[arg(long, global = true, env = "PORTCULLIS_HEADER_TIMEOUT", default_value = "10s", value_name = "DURATION")]
    pub header_timeout: String,

    /// How long a client may take to send the whole body of a request: 100ms to 10m.
    #[arg(long, global = true, env = "PORTCULLIS_BODY_TIMEOUT", default_value = "10s", value_name = "DURATION")]
    pub body_timeout: String,

    /// How long a client may leave an answer unread: 100ms to 10m. Of one that is longer it must take 16 KiB in that time.
    #[arg(long, global = true, env = "PORTCULLIS_WRITE_TIMEOUT", default_value = "30s", value_name = "DURATION")]
    pub write_timeout: String,

    /// How long a connection may wait for its next request: 100ms to 1h. Longer than a proxy before the server keeps its own.
    #[arg(long, global = true, env = "PORTCULLIS_KEEP_ALIVE_TIMEOUT", default_value = "75s", value_name = "DURATION")]
    pub keep_alive_timeout: String,

    /// Requests of one connection, after which it is closed: 1 to 1000000.
    #[arg(long, global = true, env = "PORTCULLIS_KEEP_ALIVE_REQUESTS", default_value = "10000", value_name = "NUMBER")]
    pub keep_alive_requests: String,

    /// Largest request line and headers together, in bytes: 8192 to 1048576.
    #[arg(long, global = true, env = "PORTCULLIS_MAX_HEADER_BYTES", default_value = "32768", value_name = "BYTES")]
    pub max_header_bytes: String,

    /// Most headers of a request: 16 to 1000.
    #[arg(long, global = true, env = "PORTCULLIS_MAX_HEADERS", default_value = "100", value_name = "NUMBER")]
    pub max_headers: String,

    /// Connections of clients at the most: 1 to 1000000. Past it a client is answered with 503 at once. While its
    /// request is sent, each may take some 190 KB of memory. Fewer, and a warning,
    /// if the system allows fewer open files.
    #[arg(long, global = true, env = "PORTCULLIS_MAX_CONNECTIONS", default_value = "2048", value_name = "NUMBER")]
    pub max_connections: String,

    /// Connections from one IPv4 address or IPv6 /64 at the most: 1 to 1000000. Past it a client is answered with 429 at once.
    /// Trusted proxies may have more.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAX_CONNECTIONS_PER_NETWORK",
        default_value = "256",
        value_name = "NUMBER"
    )]
    pub max_connections_per_network: String,
}

/// Read and found sound.
#[derive(Clone, Debug)]
pub struct Connections {
    /// Whose word on a client's address counts.
    pub trusted_proxies: TrustedProxies,
    /// For the headers of a request.
    pub header_timeout: Duration,
    /// For the whole body of a request.
    pub body_timeout: Duration,
    /// For taking an answer.
    pub write_timeout: Duration,
    /// Until the next request.
    pub keep_alive_timeout: Duration,
    /// Requests of one connection.
    pub keep_alive_requests: usize,
    /// Largest request line and headers.
    pub max_header_bytes: usize,
    /// Most headers.
    pub max_headers: usize,
    /// Connections in all.
    pub max_connections: usize,
    /// Connections of one network.
    pub max_connections_per_network: usize,
}

impl ConnectionSettings {
    pub(super) fn check(&self, check: &mut Check) -> Connections {
        let shortest = Duration::from_millis(100);
        let minutes = |number: u64| Duration::from_secs(60 * number);
        Connections {
            trusted_proxies: TrustedProxies::check(self.trusted_proxies.as_ref(), check),
            header_timeout: check.duration(
                "PORTCULLIS_HEADER_TIMEOUT",
                &self.header_timeout,
                "10s",
                shortest..=minutes(1),
            ),
            body_timeout: check.duration("PORTCULLIS_BODY_TIMEOUT", &self.body_timeout, "10s", shortest..=minutes(10)),
            write_timeout: check.duration(
                "PORTCULLIS_WRITE_TIMEOUT",
                &self.write_timeout,
                "30s",
                shortest..=minutes(10),
            ),
            keep_alive_timeout: check.duration(
                "PORTCULLIS_KEEP_ALIVE_TIMEOUT",
                &self.keep_alive_timeout,
                "75s",
                shortest..=minutes(60),
            ),
            keep_alive_requests: check.number(
                "PORTCULLIS_KEEP_ALIVE_REQUESTS",
                &self.keep_alive_requests,
                10_000,
                1..=1_000_000,
            ),
            max_header_bytes: check.number(
                "PORTCULLIS_MAX_HEADER_BYTES",
                &self.max_header_bytes,
                32_768,
                8192..=1_048_576,
            ),
            max_headers: check.number("PORTCULLIS_MAX_HEADERS", &self.max_headers, 100, 16..=1000),
            max_connections: check.number("PORTCULLIS_MAX_CONNECTIONS", &self.max_connections, 2048, 1..=1_000_000),
            max_connections_per_network: check.number(
                "PORTCULLIS_MAX_CONNECTIONS_PER_NETWORK",
                &self.max_connections_per_network,
                256,
                1..=1_000_000,
            ),
        }
    }
}
