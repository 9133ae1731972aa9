//! The commands that need a database: starting it if it is ours, serving, and stopping in order.

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::sync::Arc;

use portcullis::app::App;
use portcullis::clock::Clock;
use portcullis::config::{Config, DatabaseChoice, LogFormat, Secret, Settings};
use portcullis::db::embedded::{Embedded, Options};
use portcullis::db::{Target, migrations};
use portcullis::{http, telemetry};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A database that can be reached, and the private server behind it, if there is one.
struct Opened {
    target: Target,
    secret: Secret,
    private: Option<Embedded>,
}

/// SIGINT and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Serves until a signal comes. A second signal ends the wait for requests in flight.
pub(crate) async fn serve(settings: &Settings) -> Outcome {
    let config = settings.check()?;
    telemetry::init(&config.log, config.log_format);
    let mut signals = Signals::new()?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        format!("can't listen on {}: {error}; PORTCULLIS_LISTEN names another address", config.listen)
    })?;
    let opened = tokio::select! {
        opened = open(&config.database) => opened?,
        () = signals.next() => return Ok(()),
    };
    let Opened { target, secret, mut private } = opened;
    let served = async {
        prepare(&config, &target, private.is_some()).await?;
        let app = Arc::new(App::start(config.clone(), target, &secret, Clock::system()).await?);
        announce(&config, listener.local_addr()?)?;
        run(app, listener, signals, private.as_mut()).await
    }
    .await;
    if let Some(private) = private {
        private.stop().await?;
    }
    served
}

/// Brings the database up to this version.
pub(crate) async fn migrate(settings: &Settings) -> Outcome {
    let config = settings.check()?;
    telemetry::init(&config.log, config.log_format);
    let Opened { target, private, .. } = open(&config.database).await?;
    let applied = migrations::run(&target).await.map_err(|error| unreachable(&target, &error));
    if let Some(private) = private {
        private.stop().await?;
    }
    match applied?.as_slice() {
        [] => println!("The database is up to date."),
        applied => applied.iter().for_each(|name| println!("Applied {name}.")),
    }
    Ok(())
}

async fn open(choice: &DatabaseChoice) -> Outcome<Opened> {
    match choice {
        DatabaseChoice::External { target, secret } => {
            Ok(Opened { target: target.clone(), secret: secret.clone(), private: None })
        }
        DatabaseChoice::Private { data_dir, secret } => {
            if std::io::stderr().is_terminal() {
                eprintln!("Starting the private PostgreSQL in {} ...", data_dir.display());
            }
            let private = Embedded::start(Options::new(data_dir)).await?;
            let secret = match secret {
                Some(secret) => secret.clone(),
                None => Secret::load_or_create(private.data_dir())?,
            };
            Ok(Opened { target: private.url().parse()?, secret, private: Some(private) })
        }
    }
}

async fn prepare(config: &Config, target: &Target, private: bool) -> Outcome {
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
    format!("the database at {} can't be used: {error}", target.address())
}

/// Serves until a signal, or until the private database ends by itself.
async fn run(app: Arc<App>, listener: TcpListener, mut signals: Signals, private: Option<&mut Embedded>) -> Outcome {
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

/// Says where the server is. Clients may be pointed there when this is read.
fn announce(config: &Config, address: std::net::SocketAddr) -> std::io::Result<()> {
    let url = format!("http://{address}");
    if config.log_format == LogFormat::Json {
        tracing::info!(url, version = env!("CARGO_PKG_VERSION"), "ready");
        return Ok(());
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "Portcullis {} is ready.", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "  GraphQL   {url}/graphql")?;
    if config.graphiql {
        writeln!(out, "  GraphiQL  {url}/")?;
    }
    match &config.database {
        DatabaseChoice::Private { data_dir, .. } => writeln!(out, "  Data      {}", data_dir.display())?,
        DatabaseChoice::External { target, .. } => writeln!(out, "  Database  {}", target.address())?,
    }
    writeln!(out, "Ctrl-C stops it.")?;
    out.flush()
}
