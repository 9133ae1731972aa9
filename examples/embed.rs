//! An application that has Portcullis in its own process. `cargo run --example embed`, then open http://localhost:8080/auth/ (GraphiQL).

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use poem::web::Data;
use poem::{EndpointExt, Request, Route, get, handler};
use portcullis::{Caller, Config, Portcullis, Sender};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use uuid::Uuid;

/// What the application itself keeps: notes, by account.
type Notes = Arc<Mutex<HashMap<Uuid, Vec<String>>>>;

/// The application's fields of `Query`, beside `me`. The directive guards a field, and shows in the schema.
struct NoteQuery;

#[Object]
impl NoteQuery {
    /// The caller's notes.
    #[graphql(directive = portcullis::auth::apply())]
    async fn notes(&self, ctx: &Context<'_>) -> Result<Option<Vec<String>>> {
        let caller = portcullis::caller(ctx).await?;
        let notes = ctx.data::<Notes>()?.lock().await;
        Ok(Some(notes.get(&caller.account_id()).cloned().unwrap_or_default()))
    }
}

/// The application's fields of `Mutation`.
struct NoteMutation;

#[Object]
impl NoteMutation {
    /// Adds a note. Answers how many the caller has now.
    #[graphql(directive = portcullis::auth::apply())]
    async fn add_note(&self, ctx: &Context<'_>, text: String) -> Result<Option<usize>> {
        let caller = portcullis::caller(ctx).await?;
        let mut notes = ctx.data::<Notes>()?.lock().await;
        let own = notes.entry(caller.account_id()).or_default();
        own.push(text);
        Ok(Some(own.len()))
    }
}

/// A route of the application's own. A request without a good access token gets 401.
#[handler]
async fn hello(caller: Caller) -> String {
    format!("Hello, {}.\n", caller.email())
}

/// A route that executes an operation in the schema, for whoever sent the request.
#[handler]
async fn summary(request: &Request, Data(portcullis): Data<&Portcullis>) -> poem::Result<String> {
    let sender = Sender::with_headers(request.headers());
    let response = portcullis.execute("{ me { email } notes }", &sender).await;
    serde_json::to_string(&response).map_err(poem::error::InternalServerError)
}

/// Serves the application until `stop` is done.
pub(crate) async fn serve(
    config: Config,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let builder = Portcullis::builder(config).query(NoteQuery).mutation(NoteMutation).data(Notes::default());
    let portcullis = builder.start().await?;
    let (path, discovery) = portcullis.discovery();
    let app = Route::new()
        .at("/hello", get(hello))
        .at("/summary", get(summary))
        .at(path, discovery)
        .nest("/auth", portcullis.routes())
        .data(portcullis.clone());
    portcullis.serve_app(app, listener, stop).await?;
    portcullis.stop().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // The settings of the environment. Without DATABASE_URL a private PostgreSQL is started.
    let config = Config::from_env_or([("PORTCULLIS_ISSUER", "http://localhost:8080/auth")])?;
    let listener = TcpListener::bind(config.listen).await?;
    println!("On http://{}/auth/. Ctrl-C stops it.", listener.local_addr()?);
    serve(config, listener, async { _ = tokio::signal::ctrl_c().await }).await
}
