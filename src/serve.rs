//! The commands that serve or migrate: they start the database if it is private, serve, and stop in order.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use portcullis::app::App;
use portcullis::background::Background;
use portcullis::clock::Clock;
use portcullis::config::{
    BadSettings, Config, DatabaseChoice, LogFormat, PersistedQueries, Settings, UnknownVariable, unknown_variables,
};
use portcullis::db::embedded::Embedded;
use portcullis::db::{Database, Target, migrations};
use portcullis::graphql::registered;
use portcullis::{http, telemetry};
use tokio::net::TcpListener;

mod open;
mod signals;

pub(crate) use open::open_for_command;
use open::open_to_serve;
pub(crate) use signals::{Signals, ignore_other_signals};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Reads and checks the settings, and opens the log. Variables with names like settings are reported, even together
/// with faults, because they may be the cause.
pub(crate) fn checked(settings: &Settings) -> Outcome<Config> {
    let unknown = unknown_variables();
    let config = settings.check().map_err(|BadSettings(mut faults)| {
        let meant =
            |UnknownVariable { name, nearest }: &_| format!("{name}: it is no setting; the nearest is {nearest}");
        faults.extend(unknown.iter().map(meant));
        BadSettings(faults)
    })?;
    telemetry::init(&config.log, config.log_format);
    for UnknownVariable { name, nearest } in unknown {
        tracing::warn!(name, nearest, "an environment variable looks like a setting and is not one");
    }
    Ok(config)
}

/// Serves until a signal comes. A second signal ends the wait for requests in flight.
pub(crate) async fn serve(settings: &Settings) -> Outcome {
    let config = checked(settings)?;
    let mut signals = Signals::new()?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        format!("can't listen on {}: {error}; PORTCULLIS_LISTEN names another address", config.listen)
    })?;
    let Some((app, mut private)) = unless_stopped(&mut signals, start(config.clone())).await? else {
        return Ok(());
    };
    let served = async {
        announce(&config, listener.local_addr()?)?;
        run(Arc::new(app), listener, signals, private.as_mut()).await
    }
    .await;
    if let Some(private) = private {
        private.stop().await?;
    }
    served
}

/// Brings the database up to this version.
pub(crate) async fn migrate(settings: &Settings) -> Outcome {
    let config = checked(settings)?;
    let applied = unless_stopped(&mut Signals::new()?, async move {
        let opened = open_for_command(&config).await?;
        let direct = opened.direct();
        let applied = migrations::run(direct).await.map_err(|error| unreachable(direct, &error));
        opened.close().await?;
        Ok(applied?)
    })
    .await?;
    match applied.as_deref() {
        None => return Err("stopped by a signal: not all migrations may have been applied".into()),
        Some([]) => say("The database is up to date.\n"),
        Some(applied) => applied.iter().for_each(|name| say(&format!("Applied {name}.\n"))),
    }
    Ok(())
}

/// Prints to standard output. Errors are ignored, because the reader may have stopped reading.
pub(crate) fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Prints a line to standard error. Errors are ignored, because the terminal may be closed.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Does `work` in a task of its own, so that a signal is noticed even while it blocks. `None` if a signal came. What
/// the work has started is then stopped before this returns.
pub(crate) async fn unless_stopped<T: Send + 'static>(
    signals: &mut Signals,
    work: impl Future<Output = Outcome<T>> + Send + 'static,
) -> Outcome<Option<T>> {
    let mut task = tokio::spawn(work);
    tokio::select! {
        done = &mut task => done?.map(Some),
        () = signals.next() => {
            task.abort();
            tokio::select! {
                _ = task => {}
                () = signals.next() => {}
            }
            Ok(None)
        }
    }
}

/// Does everything that is needed before requests can be answered.
async fn start(config: Config) -> Outcome<(App, Option<Embedded>)> {
    // This is checked before anything is started. Serving reads the documents again.
    if let PersistedQueries::Only(manifest) = &config.graphql.persisted {
        registered(manifest, config.graphql.bounds).await.map_err(sentence)?;
    }
    let opened = open_to_serve(&config).await?;
    prepare(&config, opened.direct(), opened.private.is_some()).await?;
    if !config.limits.enabled && !config.environment.is_development() {
        tracing::warn!("PORTCULLIS_RATE_LIMITS is off: anybody may try passwords as fast as the server compares them");
    }
    let secret = opened.secret()?;
    let database = Database::new(opened.target.clone(), 1, config.database_timeout);
    database.ping().await.map_err(|error| unreachable(&opened.target, &error))?;
    let app = App::start(config, opened.target.clone(), secret, Clock::system()).await.map_err(sentence)?;
    Ok((app, opened.private))
}

pub(crate) async fn prepare(config: &Config, target: &Target, private: bool) -> Outcome {
    if private || config.migrate {
        let applied = migrations::run(target).await.map_err(|error| unreachable(target, &error))?;
        applied.iter().for_each(|name| tracing::info!(name, "applied migration"));
        return Ok(());
    }
    let pending = migrations::pending(target).await.map_err(|error| unreachable(target, &error))?;
    if pending.is_empty() {
        return Ok(());
    }
    Err(format!("the database lacks migrations: {}; `portcullis migrate` applies them", pending.join(", ")).into())
}

fn unreachable(target: &Target, error: &portcullis::error::Error) -> String {
    format!("the database at {} can't be used: {}", target.address(), sentence(error.clone()))
}

/// The error with its causes, without the name of its kind. Only the log gets the place where it rose.
pub(crate) fn sentence(error: portcullis::error::Error) -> String {
    use portcullis::error::Error::{Internal, ReadOnly, Unavailable};
    let causes = error.causes();
    tracing::debug!(%error, causes, at = error.at(), "an error ends this process");
    let text = match &error {
        Internal(cause) | Unavailable(cause) | ReadOnly(cause) => cause.to_string(),
        other => other.to_string(),
    };
    match causes {
        Some(causes) => format!("{text}: {causes}"),
        None => text,
    }
}

/// Serves until a signal, or until the private database ends by itself.
async fn run(app: Arc<App>, listener: TcpListener, signals: Signals, private: Option<&mut Embedded>) -> Outcome {
    let background = Background::start(&app);
    let served = serve_until_told(app, listener, signals, private).await;
    background.stop().await;
    served
}

async fn serve_until_told(
    app: Arc<App>,
    listener: TcpListener,
    mut signals: Signals,
    private: Option<&mut Embedded>,
) -> Outcome {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = http::serve(app, listener, async {
        let _ = stopped.await;
    });
    tokio::pin!(server);
    let lost = async {
        match private {
            Some(private) => private.exited().await,
            None => std::future::pending().await,
        }
    };
    let outcome = tokio::select! {
        served = &mut server => return Ok(served?),
        () = signals.next() => Ok(()),
        () = lost => Err("the private PostgreSQL ended by itself; its log is postgres.log in the data directory".into()),
    };
    tracing::info!("stopping: requests in flight may finish");
    drop(stop);
    tokio::select! {
        served = &mut server => served?,
        () = signals.next() => tracing::warn!("stopped at once by a second signal"),
    }
    outcome
}

/// Prints the address of the server. From then on clients can use it.
fn announce(config: &Config, address: std::net::SocketAddr) -> std::io::Result<()> {
    let url = format!("http://{address}");
    let mut out = std::io::stdout().lock();
    if config.log_format == LogFormat::Json {
        let ready = serde_json::json!({ "message": "ready", "url": url, "version": env!("CARGO_PKG_VERSION") });
        writeln!(out, "{ready}")?;
        return out.flush();
    }
    writeln!(out, "Portcullis {} is ready.", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "  GraphQL   {url}/graphql")?;
    if config.graphql.graphiql {
        writeln!(out, "  GraphiQL  {url}/")?;
    }
    match &config.database {
        DatabaseChoice::Private { data_dir, .. } => writeln!(out, "  Data      {}", data_dir.display())?,
        DatabaseChoice::External { target, .. } => writeln!(out, "  Database  {}", target.address())?,
    }
    writeln!(out, "Ctrl-C stops it.")?;
    out.flush()
}
