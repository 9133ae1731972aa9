//! What nobody thought of: generated requests and tokens. `PROPTEST_CASES` sets how many of each.

pub(crate) mod choices;
pub(crate) mod documents;
mod requests;
mod route;
mod tokens;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// Whether something holds of `cases` generated values. What fails is printed, as small as it could be made.
pub(crate) fn run<S: Strategy>(cases: u32, values: &S, holds: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let default = Config::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { cases };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..default };
    tokio::task::block_in_place(|| {
        TestRunner::new(config).run(values, holds).unwrap_or_else(|failure| panic!("{failure}"));
    });
}
