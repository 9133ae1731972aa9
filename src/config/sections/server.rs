//! Settings of the server as a whole.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use url::Url;

use super::{DAY, MINUTE};
use crate::config::file::SettingsFile;
use crate::config::form::{Given, choice, duration, file_name, switch, text_of};
use crate::config::{Environment, LogFormat};

/// As they are given.
#[derive(Args, Clone)]
#[command(next_help_heading = "Server")]
pub(in crate::config) struct ServerSettings {
    /// A file of settings in TOML, such as portcullis.toml. Its keys are the names of the flags without the hyphens before
    /// them. Flags and variables go before it.
    #[arg(long, global = true, env = "PORTCULLIS_CONFIG", value_name = "FILE", value_parser = SettingsFile::parser())]
    pub(in crate::config) config: Option<Given<SettingsFile>>,

    /// The address and port to serve on. Port 0 picks a free port, which is printed at start.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS:PORT",
        value_parser = text_of(listen, SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0))
    )]
    pub(in crate::config) listen: Given<SocketAddr>,

    /// The address and port to serve `/metrics` for Prometheus on. Without it nothing is measured. Clients must not reach it: it tells
    /// how much the server is used.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_METRICS_LISTEN",
        value_name = "ADDRESS:PORT",
        value_parser = text_of(listen, SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0))
    )]
    pub(in crate::config) metrics_listen: Option<Given<SocketAddr>>,

    /// The address of a collector that takes traces by OTLP over HTTP, such as http://127.0.0.1:4318. Without it no traces are made.
    /// Headers for the collector, such as a key, are in the variable OTEL_EXPORTER_OTLP_HEADERS.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_OTLP_ENDPOINT",
        value_name = "URL",
        value_parser = text_of(collector, String::new())
    )]
    pub(in crate::config) otlp_endpoint: Option<Given<String>>,

    /// The share of requests of which a trace is exported, from 0 to 1.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_TRACES_RATIO",
        default_value = "1",
        value_name = "NUMBER",
        value_parser = text_of(ratio, 1.0)
    )]
    pub(in crate::config) traces_ratio: Given<f64>,

    /// For whom the server runs. In development clients may explore: GraphiQL and introspection are on unless they are
    /// switched off [default: development with the private PostgreSQL, production with DATABASE_URL].
    #[arg(
        long = "env",
        global = true,
        env = "PORTCULLIS_ENV",
        value_name = "ENVIRONMENT",
        value_parser = choice::<Environment>()
    )]
    pub(in crate::config) environment: Option<Given<Environment>>,

    /// The directory of the private PostgreSQL and of its secret [default: /var/lib/portcullis for root, else the user's data
    /// directory, such as ~/.local/share/portcullis].
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_DATA_DIR",
        value_name = "DIRECTORY",
        value_parser = file_name()
    )]
    pub(in crate::config) data_dir: Option<Given<PathBuf>>,

    /// The least level of what is logged: error, warn, info, debug or trace. Modules may have levels of their own:
    /// info,portcullis=debug.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LOG",
        default_value = "info",
        value_name = "FILTER",
        value_parser = text_of(log, String::new())
    )]
    pub(in crate::config) log: Given<String>,

    /// The form of log lines: text for people, or one JSON object a line.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LOG_FORMAT",
        default_value = "text",
        value_name = "FORMAT",
        value_parser = choice::<LogFormat>()
    )]
    pub(in crate::config) log_format: Given<LogFormat>,

    /// Whether the log names the account that a failed login was for. The name is shown as it was typed, and some people
    /// type a password there.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_LOG_IDENTIFIERS",
        default_value = "off",
        value_name = "SWITCH",
        value_parser = switch()
    )]
    pub(in crate::config) log_identifiers: Given<bool>,

    /// How long security events are kept.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_AUDIT_RETENTION",
        default_value = "400d",
        value_name = "DURATION",
        value_parser = duration(DAY, 4000 * DAY)
    )]
    pub(in crate::config) audit_retention: Given<Duration>,

    /// How long an account is kept after its deletion, so that an operator can restore it. Its names are free from the
    /// deletion on, and the account is removed for good after this time.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_DELETED_ACCOUNTS_KEPT",
        default_value = "0s",
        value_name = "DURATION",
        value_parser = duration(Duration::ZERO, 400 * DAY)
    )]
    pub(in crate::config) deleted_accounts_kept: Given<Duration>,

    /// How long requests in flight may take to finish when the server is told to stop.
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_SHUTDOWN_GRACE",
        default_value = "10s",
        value_name = "DURATION",
        value_parser = duration(Duration::ZERO, 10 * MINUTE)
    )]
    pub(in crate::config) shutdown_grace: Given<Duration>,
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "it is not an address and port, such as 127.0.0.1:8080".to_owned())
}

/// The address of the collector's traces.
fn collector(text: &str) -> Result<String, String> {
    let is_web =
        |url: &Url| matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none();
    let is_open = |url: &Url| url.username().is_empty() && url.password().is_none();
    match Url::parse(text) {
        Ok(url) if is_web(&url) && is_open(&url) => Ok(format!("{}/v1/traces", url.as_str().trim_end_matches('/'))),
        _ => {
            Err("it is not the URL of a collector without user and password, such as http://127.0.0.1:4318".to_owned())
        }
    }
}

fn ratio(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
        _ => Err("it is not a number from 0 to 1".to_owned()),
    }
}

fn log(text: &str) -> Result<String, String> {
    match text.parse::<tracing_subscriber::filter::Targets>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("it is not a filter of levels: {error}")),
    }
}
