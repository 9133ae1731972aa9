//! A generator that never sleeps.
//!
//! Whoever answers a sleeping client wakes it, which in a virtual machine costs the server's thread more than some of its own work. It happens
//! the more often the slower the server is, so a server that is a little slower would seem to be much slower.

use tokio::runtime::Handle;
use tokio::task::{JoinSet, yield_now};

/// The threads of this runtime do not sleep while this lives.
pub(crate) struct Awake(#[expect(dead_code, reason = "its tasks end when it is dropped")] JoinSet<()>);

impl Awake {
    pub(crate) fn start() -> Self {
        let mut tasks = JoinSet::new();
        for _ in 0..Handle::current().metrics().num_workers() {
            tasks.spawn(async {
                loop {
                    yield_now().await;
                }
            });
        }
        Self(tasks)
    }
}
