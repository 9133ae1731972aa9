//! A closed loop: each client sends the next request when the last is answered.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::clients::Client;
use crate::meter::Meter;
use crate::slice::Slice;
use crate::support::Outcome;
use crate::support::client::Answer;
use crate::window::Window;

/// One of those that take turns.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    clients: Vec<Client>,
    meter: Meter,
    /// Where the clients run, if not beside the rest of the generator.
    runtime: Handle,
    /// One a turn.
    pub(crate) slices: Vec<Slice>,
}

impl Contender {
    pub(crate) fn new(name: &'static str, clients: Vec<Client>, meter: Meter) -> Self {
        Self { name, clients, meter, runtime: Handle::current(), slices: Vec::new() }
    }

    pub(crate) fn on(self, runtime: Handle) -> Self {
        Self { runtime, ..self }
    }

    /// With these clients instead.
    pub(crate) fn with(&mut self, clients: Vec<Client>) {
        self.clients = clients;
    }

    /// Lets it run for so long. A client that lost its connection is left out of the next turn.
    pub(crate) async fn turn(&mut self, duration: Duration) -> Outcome {
        let window = Arc::new(Window::new());
        let mut slice = Slice { connections: self.clients.len(), ..Slice::default() };
        let mut loops = JoinSet::new();
        for client in self.clients.drain(..) {
            loops.spawn_on(ask(window.clone(), client), &self.runtime);
        }
        slice.seen = Some(window.watch(&self.meter, duration).await?);
        while let Some(ended) = loops.join_next().await {
            let (client, part) = ended?;
            slice.add(part);
            self.clients.extend(client);
        }
        slice.latencies.sort_unstable();
        self.slices.push(slice);
        Ok(())
    }
}

/// One client's loop. It ends early when the connection is lost.
async fn ask(window: Arc<Window>, mut client: Client) -> (Option<Client>, Slice) {
    let mut slice = Slice::default();
    while window.is_open() {
        let asked = window.now();
        let answer = client.ask().await;
        let answered = window.now();
        match answer {
            Ok(None) => window.close(),
            Ok(Some(Answer::Right(_) | Answer::Same)) if !window.has_begun(answered) => {}
            Ok(Some(Answer::Right(_) | Answer::Same)) => {
                slice.requests += 1;
                slice.in_time += usize::from(window.has(answered));
                slice.latencies.push(Duration::from_nanos(answered - asked));
            }
            Ok(Some(Answer::Busy)) => slice.busy += 1,
            Ok(Some(Answer::Revoked)) => slice.error("SESSION_REVOKED".to_owned()),
            Ok(Some(Answer::Wrong(why))) => slice.error(why),
            Err(error) => {
                slice.error(error.to_string());
                return (None, slice);
            }
        }
    }
    (Some(client), slice)
}
