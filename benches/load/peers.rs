//! What the server is compared with: other servers, each in a process of its own.

use std::process::{ExitCode, Stdio};

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
use async_graphql_poem::GraphQL;
use clap::ValueEnum;
use poem::endpoint::make_sync;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{IntoEndpoint, Response, Route};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use crate::support::Outcome;
use crate::support::processors::Processors;
use crate::support::server::Server;

/// Both answer `{ __typename }` as the server does.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Peer {
    /// poem, with an answer that is always the same.
    Bare,
    /// async-graphql behind async-graphql-poem, as their documentation has it.
    Stock,
}

/// This program again, as that server.
pub(crate) async fn start(peer: Peer, processors: &Processors) -> Outcome<Server> {
    let mut command = Command::new(std::env::current_exe()?);
    let name = peer.to_possible_value().ok_or("no name")?;
    command.args(["--serve", name.get_name()]).stdin(Stdio::null()).stdout(Stdio::piped());
    Server::of(command, processors).await
}

/// Serves until it is told to stop.
#[tokio::main]
pub(crate) async fn serve(peer: Peer) -> ExitCode {
    let served = match peer {
        Peer::Bare => listen(make_sync(|_| {
            Response::builder().content_type("application/json").body(r#"{"data":{"__typename":"Query"}}"#)
        })),
        Peer::Stock => return ended(listen(GraphQL::new(Schema::new(Query, EmptyMutation, EmptySubscription))).await),
    };
    ended(served.await)
}

fn ended(served: Outcome) -> ExitCode {
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn listen<E>(endpoint: E) -> Outcome
where
    E: IntoEndpoint,
    E::Endpoint: 'static,
{
    let mut terminate = signal(SignalKind::terminate())?;
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
    let address = acceptor.local_addr().into_iter().find_map(|address| address.0.as_socket_addr().copied());
    println!("GraphQL http://{}/graphql", address.ok_or("no address")?);
    let server = poem::Server::new_with_acceptor(acceptor);
    tokio::select! {
        served = server.run(Route::new().at("/graphql", endpoint)) => served?,
        _ = terminate.recv() => {}
    }
    Ok(())
}

struct Query;

#[Object]
impl Query {
    async fn answer(&self) -> i32 {
        42
    }
}
