//! Settings of connections: who a client is, and how slow and large it may be.

use clap::Args;

use super::check::Check;

/// As they are given.
#[derive(Args, Clone)]
pub struct ConnectionSettings {}

/// Read and found sound.
#[derive(Clone, Debug)]
pub struct Connections {}

impl ConnectionSettings {
    #[expect(clippy::unused_self, reason = "settings follow")]
    pub(super) fn check(&self, _check: &mut Check) -> Connections {
        Connections {}
    }
}
