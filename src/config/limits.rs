//! Settings of the limits on attempts.

use clap::Args;

use super::check::Check;

/// As they are given.
#[derive(Args, Clone)]
pub struct LimitSettings {}

/// Read and found sound.
#[derive(Clone, Debug)]
pub struct Limits {}

impl LimitSettings {
    #[expect(clippy::unused_self, reason = "settings follow")]
    pub(super) fn check(&self, _check: &mut Check) -> Limits {
        Limits {}
    }
}
