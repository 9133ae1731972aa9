//! Settings for browsers: cookies and origins.

use clap::Args;

use super::check::Check;

/// As they are given.
#[derive(Args, Clone)]
pub struct BrowserSettings {}

/// Read and found sound.
#[derive(Clone, Debug)]
pub struct Browsers {}

impl BrowserSettings {
    #[expect(clippy::unused_self, reason = "settings follow")]
    pub(super) fn check(&self, _check: &mut Check) -> Browsers {
        Browsers {}
    }
}
