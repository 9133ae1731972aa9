//! The end of a migration for which nobody waits any more.

use std::thread;
use std::time::Duration;

use diesel::declare_sql_function;
use tokio::runtime::Builder;
use tokio::sync::oneshot::{Receiver, Sender, channel};
use tokio::task::block_in_place;
use tokio::time::timeout;
use tokio_postgres::CancelToken;

use crate::db::{Connection, Run, Target};
use crate::error::Error;

/// How long the end of a statement is waited for.
const LIMIT: Duration = Duration::from_secs(5);

/// The pause before it is asked for again, in case the next statement began meanwhile.
const AGAIN: Duration = Duration::from_millis(100);

#[declare_sql_function]
extern "SQL" {
    fn pg_backend_pid() -> Integer;
}

/// Whoever starts a server may stop it while it migrates. PostgreSQL goes on with a statement whose client is gone, and it keeps its
/// locks or waits for more. So when this is dropped unless [`over`](Self::over), the statement is cancelled, and the drop waits for its end.
pub(super) struct Interrupt(Option<Running>);

struct Running {
    target: Target,
    token: CancelToken,
    /// The server's process. Through a pooler it is the same until the end of the transaction.
    process: i32,
    ended: Receiver<()>,
}

impl Interrupt {
    /// The sender is to be dropped when nothing more is sent on the connection.
    pub(super) async fn new(target: &Target, connection: &mut Connection) -> Result<(Self, Sender<()>), Error> {
        let process = diesel::select(pg_backend_pid()).one_row(connection).await?;
        let (running, ended) = channel();
        let token = connection.cancel_token();
        Ok((Self(Some(Running { target: target.clone(), token, process, ended })), running))
    }

    /// Nothing runs that could be cancelled.
    pub(super) fn over(mut self) {
        self.0 = None;
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        let Some(running) = self.0.take() else { return };
        // The connection itself needs the threads of the runtime, so this has one of its own.
        let cancelling = thread::Builder::new().name("cancel".to_owned()).spawn(move || running.end());
        match cancelling {
            Ok(cancelling) => block_in_place(|| _ = cancelling.join()),
            Err(error) => tracing::warn!(%error, "a migration can't be cancelled"),
        }
    }
}

impl Running {
    fn end(self) {
        match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                if runtime.block_on(async { timeout(LIMIT, self.cancelled()).await }).is_err() {
                    tracing::warn!("a migration was not seen to end: PostgreSQL may go on with its statement");
                }
            }
            Err(error) => tracing::warn!(%error, "a migration can't be cancelled"),
        }
    }

    async fn cancelled(mut self) {
        loop {
            if self.target.is_pooled() {
                self.target.cancel_through_pooler(self.process).await;
            } else {
                self.target.cancel(self.token.clone()).await;
            }
            if timeout(AGAIN, &mut self.ended).await.is_ok() {
                return;
            }
        }
    }
}
