//! Settings of connections: who a client is, and how slow and large it may be.

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
}

/// Read and found sound.
#[derive(Clone, Debug)]
pub struct Connections {
    /// Whose word on a client's address counts.
    pub trusted_proxies: TrustedProxies,
}

impl ConnectionSettings {
    pub(super) fn check(&self, check: &mut Check) -> Connections {
        Connections { trusted_proxies: TrustedProxies::check(self.trusted_proxies.as_ref(), check) }
    }
}
