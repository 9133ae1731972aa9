//! The commands that serve or migrate: they start the database if it is private, serve, and stop in order.

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::path::Path;

use portcullis::config::{
    BadSettings, Config, DatabaseChoice, LogFormat, Settings, Traces, UnknownVariable, unknown_variables,
};
use portcullis::db::migrations::{self, Extent, Migrated};
use portcullis::instance::open::{open_for_command, unreachable};
use portcullis::telemetry::Export;
use portcullis::{Portcullis, telemetry};
use tokio::net::TcpListener;

mod service_manager;
mod signals;

pub(crate) use signals::{Signals, ignore_other_signals};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Reads and checks the settings, and opens the log. Variables with names like settings are reported, even together
/// with faults, because they may be the cause.
pub(crate) fn checked(settings: &Settings) -> Outcome<Config> {
    let (config, _) = open(settings, |_| None)?;
    Ok(config)
}

/// The same, and exports the traces that `traces` chooses.
fn open(settings: &Settings, traces: fn(&Config) -> Option<&Traces>) -> Outcome<(Config, Export)> {
    let unknown = unknown_variables();
    let config = settings.check().map_err(|BadSettings(mut faults)| {
        let meant =
            |UnknownVariable { name, nearest }: &_| format!("{name}: it is no setting; the nearest is {nearest}");
        faults.extend(unknown.iter().map(meant));
        BadSettings(faults)
    })?;
    let export = telemetry::init(&config.log, config.log_format, traces(&config))?;
    if let Some(file) = settings.file() {
        tracing::info!(?file, "read a file of settings");
    }
    for UnknownVariable { name, nearest } in unknown {
        tracing::warn!(name, nearest, "an environment variable looks like a setting and is not one");
    }
    Ok((config, export))
}

/// Serves until a signal comes. A second signal ends the wait for requests in flight.
pub(crate) async fn serve(settings: &Settings) -> Outcome {
    let (config, export) = open(settings, |config| config.traces.as_ref())?;
    let served = serve_with(config).await;
    export.stop().await;
    served
}

async fn serve_with(config: Config) -> Outcome {
    let mut signals = Signals::new()?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        format!("can't listen on {}: {error}; PORTCULLIS_LISTEN names another address", config.listen)
    })?;
    let metrics = listen_for_metrics(&config).await?;
    if let DatabaseChoice::Private { data_dir, .. } = &config.database {
        say_that_it_starts(data_dir);
    }
    let starting = Portcullis::start(config.clone());
    let Some(portcullis) = unless_stopped(&mut signals, async { Ok(starting.await?) }).await? else {
        service_manager::stopping();
        return Ok(());
    };
    let served = async {
        let metrics = metrics.map(|listener| serve_metrics(&portcullis, listener)).transpose()?;
        announce(&config, listener.local_addr()?)?;
        service_manager::ready(listener.local_addr()?);
        let served = serve_until_told(&portcullis, listener, signals).await;
        // They are served until the last request has been answered.
        drop(metrics);
        served
    }
    .await;
    portcullis.stop().await?;
    served
}

async fn listen_for_metrics(config: &Config) -> Outcome<Option<TcpListener>> {
    let Some(address) = config.metrics_listen else { return Ok(None) };
    let bound = TcpListener::bind(address).await.map_err(|error| {
        format!("can't listen on {address}: {error}; PORTCULLIS_METRICS_LISTEN names another address")
    })?;
    Ok(Some(bound))
}

/// Serves metrics until the sender is dropped.
fn serve_metrics(portcullis: &Portcullis, listener: TcpListener) -> std::io::Result<tokio::sync::oneshot::Sender<()>> {
    tracing::info!(address = %listener.local_addr()?, "metrics are served at /metrics");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let portcullis = portcullis.clone();
    tokio::spawn(async move {
        let served = portcullis.serve_metrics(listener, async {
            let _ = stopped.await;
        });
        if let Err(error) = served.await {
            tracing::error!(%error, "metrics can't be served");
        }
    });
    Ok(stop)
}

/// Brings the database up to this version: also with what takes away what the release before needs if `contract` says so, or if the
/// private database was started for this and nobody else is there.
pub(crate) async fn migrate(settings: &Settings, contract: bool) -> Outcome {
    let config = checked(settings)?;
    let migrated = unless_stopped(&mut Signals::new()?, async move {
        let opened = open_for_command(&config, say_that_it_starts).await?;
        let direct = opened.direct();
        let extent = if contract || opened.private.is_some() { Extent::All } else { Extent::Expanding };
        let migrated =
            migrations::run(direct, extent, config.migration_locks).await.map_err(|error| unreachable(direct, &error));
        opened.close().await?;
        Ok(migrated?)
    })
    .await?;
    let Some(Migrated { applied, left }) = migrated else {
        return Err("stopped by a signal: not all migrations may have been applied".into());
    };
    if applied.is_empty() {
        say("The database is up to date.\n");
    }
    applied.iter().for_each(|name| say(&format!("Applied {name}.\n")));
    for name in left {
        say(&format!(
            "Left {name}: `portcullis migrate --contract` applies it when no instance of the release before runs any more.\n"
        ));
    }
    Ok(())
}

/// Prints to standard output. Errors are ignored, because the reader may have stopped reading.
pub(crate) fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Prints a line to standard error, behind the log so far. Errors are ignored, because the terminal may be closed.
pub(crate) fn complain(line: &str) {
    telemetry::flush();
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

/// Serves until a signal, or until the private database ends by itself.
async fn serve_until_told(portcullis: &Portcullis, listener: TcpListener, mut signals: Signals) -> Outcome {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = portcullis.serve(listener, async {
        let _ = stopped.await;
    });
    tokio::pin!(server);
    let outcome = tokio::select! {
        served = &mut server => return Ok(served?),
        () = signals.next() => Ok(()),
        () = portcullis.database_lost() => {
            Err("the private PostgreSQL ended by itself; its log is postgres.log in the data directory".into())
        }
    };
    tracing::info!("stopping: requests in flight may finish");
    service_manager::stopping();
    drop(stop);
    tokio::select! {
        served = &mut server => served?,
        () = signals.next() => tracing::warn!("stopped at once by a second signal"),
    }
    outcome
}

/// Is called before the private PostgreSQL starts, which may take some seconds.
pub(crate) fn say_that_it_starts(data_dir: &Path) {
    if std::io::stderr().is_terminal() {
        complain(&format!("Starting the private PostgreSQL in {} ...", data_dir.display()));
    }
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
    if let Some(page) = config.mail_page() {
        let page = if address.ip().is_loopback() { format!("{url}/mail") } else { page };
        writeln!(out, "  Mails     {page}")?;
    }
    match &config.database {
        DatabaseChoice::Private { data_dir, .. } => writeln!(out, "  Data      {}", data_dir.display())?,
        DatabaseChoice::External { target, .. } => writeln!(out, "  Database  {}", target.address())?,
    }
    writeln!(out, "Ctrl-C stops it.")?;
    out.flush()
}
