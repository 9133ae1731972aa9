//! Settings of connections: who a client is, and how slow and large it may be.

use std::time::Duration;

use clap::Args;
use ipnetwork::IpNetwork;

use super::{HOUR, MINUTE, TENTH};
use crate::config::faults::Check;
use crate::config::form::{Given, duration, list, measure, number};
use crate::config::trusted_proxies::{self, TrustedProxies};

/// As they are given.
#[derive(Args, Clone)]
#[command(next_help_heading = "Clients and connections")]
pub(in crate::config) struct ConnectionSettings {
    /// The proxies whose Forwarded and X-Forwarded-For headers are believed: addresses and networks, such as
    /// 10.0.0.0/8,2001:db8::7. Without any a client's address is that of the socket.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_TRUSTED_PROXIES",
        value_name = "NETWORKS",
        value_parser = list(trusted_proxies::network)
    )]
    pub(in crate::config) trusted_proxies: Option<Given<Vec<IpNetwork>>>,

    /// How long a client may take to send the headers of a request.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_HEADER_TIMEOUT",
        default_value = "10s",
        value_name = "DURATION",
        value_parser = duration(TENTH, MINUTE)
    )]
    pub(in crate::config) header_timeout: Given<Duration>,

    /// How long a client may take to send the whole body of a request.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_BODY_TIMEOUT",
        default_value = "10s",
        value_name = "DURATION",
        value_parser = duration(TENTH, 10 * MINUTE)
    )]
    pub(in crate::config) body_timeout: Given<Duration>,

    /// How long a client may leave an answer unread. Of a long answer it must take 16 KiB in that time.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_WRITE_TIMEOUT",
        default_value = "30s",
        value_name = "DURATION",
        value_parser = duration(TENTH, 10 * MINUTE)
    )]
    pub(in crate::config) write_timeout: Given<Duration>,

    /// How long a connection may wait for its next request. It must be longer than a proxy before the server keeps its
    /// connections: nginx and most load balancers of clouds keep them for 60 s, some for 10 minutes or an hour.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_KEEP_ALIVE_TIMEOUT",
        default_value = "75s",
        value_name = "DURATION",
        value_parser = duration(TENTH, HOUR)
    )]
    pub(in crate::config) keep_alive_timeout: Given<Duration>,

    /// How many requests one connection may send before it is closed.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_KEEP_ALIVE_REQUESTS",
        default_value = "10000",
        value_name = "NUMBER",
        value_parser = number(1usize, 1_000_000)
    )]
    pub(in crate::config) keep_alive_requests: Given<usize>,

    /// How large the request line and the headers may be together, in bytes.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAX_HEADER_BYTES",
        default_value = "32768",
        value_name = "BYTES",
        value_parser = measure("bytes", 8192usize, 1_048_576)
    )]
    pub(in crate::config) max_header_bytes: Given<usize>,

    /// How many headers a request may have.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAX_HEADERS",
        default_value = "100",
        value_name = "NUMBER",
        value_parser = number(16usize, 1000)
    )]
    pub(in crate::config) max_headers: Given<usize>,

    /// How many connections clients may have in all. Past it a client is answered with 503 at once. While its request is
    /// sent, each may take about 190 KB of memory. Where the system allows fewer open files there are fewer, and a warning at
    /// start.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAX_CONNECTIONS",
        default_value = "2048",
        value_name = "NUMBER",
        value_parser = number(1usize, 1_000_000)
    )]
    pub(in crate::config) max_connections: Given<usize>,

    /// How many connections one IPv4 address or IPv6 /64 may have. Past it a client is answered with 429 at once. Trusted
    /// proxies may have more.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_MAX_CONNECTIONS_PER_NETWORK",
        default_value = "256",
        value_name = "NUMBER",
        value_parser = number(1usize, 1_000_000)
    )]
    pub(in crate::config) max_connections_per_network: Given<usize>,
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
    pub(in crate::config) fn check(&self, check: &mut Check) -> Connections {
        let trusted_proxies = check.optional(self.trusted_proxies.as_ref()).unwrap_or_default();
        Connections {
            trusted_proxies: TrustedProxies::new(trusted_proxies),
            header_timeout: check.take(&self.header_timeout),
            body_timeout: check.take(&self.body_timeout),
            write_timeout: check.take(&self.write_timeout),
            keep_alive_timeout: check.take(&self.keep_alive_timeout),
            keep_alive_requests: check.take(&self.keep_alive_requests),
            max_header_bytes: check.take(&self.max_header_bytes),
            max_headers: check.take(&self.max_headers),
            max_connections: check.take(&self.max_connections),
            max_connections_per_network: check.take(&self.max_connections_per_network),
        }
    }
}
