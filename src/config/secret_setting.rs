//! Settings that hold a secret: given by themselves, or as the name of a file that holds it (`PORTCULLIS_SECRET_FILE`).

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, value_parser};
use zeroize::Zeroizing;

use super::check::{Check, given};

/// More than any secret has: whoever names the wrong file is told.
const MAX_BYTES: u64 = 65_536;

/// For whoever writes into a pipe.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a setting that holds a secret is called. `secret_setting!` declares one.
pub trait SecretName: Clone + Send + Sync + 'static {
    /// The environment variable.
    const VARIABLE: &'static str;
    /// The flag, without hyphens before it.
    const FLAG: &'static str;
    /// The environment variable for the file.
    const FILE_VARIABLE: &'static str;
    /// The flag for the file.
    const FILE_FLAG: &'static str;
    /// What stands for the value in the help.
    const VALUE: &'static str;
    /// The documentation.
    const HELP: &'static str;
}

/// Declares a [`SecretName`]: its documentation, flag, variable, and what stands for the value.
macro_rules! secret_setting {
    ($(#[doc = $help:literal])+ $name:ident, $flag:literal, $variable:literal, $value:literal) => {
        $(#[doc = $help])+
        #[derive(Clone)]
        pub struct $name;

        impl SecretName for $name {
            const VARIABLE: &'static str = $variable;
            const FLAG: &'static str = $flag;
            const FILE_VARIABLE: &'static str = concat!($variable, "_FILE");
            const FILE_FLAG: &'static str = concat!($flag, "-file");
            const VALUE: &'static str = $value;
            const HELP: &'static str = concat!($($help),+);
        }
    };
}

secret_setting! {
    /// PostgreSQL 14 or later to use: postgres://user:password@host:port/database?sslmode=verify-full. Without it a private
    /// PostgreSQL is started in the data directory.
    DatabaseUrl, "database-url", "DATABASE_URL", "URL"
}

secret_setting! {
    /// A second address of that database, past a pooler in transaction mode (such as PgBouncer) to which DATABASE_URL points.
    /// Changes are heard, and migrations applied, that way.
    DatabaseDirectUrl, "database-direct-url", "PORTCULLIS_DATABASE_DIRECT_URL", "URL"
}

secret_setting! {
    /// The deployment's secret, 32 bytes or more, the same for all instances: it seals the signing keys in the database.
    /// With the private PostgreSQL one is made and kept in the data directory. Prefer a file or the environment variable:
    /// other users of the machine can read flags.
    DeploymentSecret, "secret", "PORTCULLIS_SECRET", "SECRET"
}

secret_setting! {
    /// The secret of before, while PORTCULLIS_SECRET is being replaced: what it sealed is sealed anew at start.
    PreviousSecret, "secret-previous", "PORTCULLIS_SECRET_PREVIOUS", "SECRET"
}

/// A setting that holds a secret, as it is given.
#[derive(Clone)]
pub struct SecretSetting<S> {
    value: Option<Zeroizing<String>>,
    file: Option<PathBuf>,
    name: PhantomData<S>,
}

impl<S: SecretName> SecretSetting<S> {
    /// Whether it is set, if only to something that can't be used.
    pub(super) fn is_given(&self) -> bool {
        self.value.is_some() || self.file.is_some()
    }

    /// The variable that holds it, or names its file: where a fault of it is to be looked for.
    pub(super) fn variable(&self) -> &'static str {
        if self.file.is_some() { S::FILE_VARIABLE } else { S::VARIABLE }
    }

    /// The secret, if it is set and can be read. The file is read anew each time.
    pub(super) fn read(&self, check: &mut Check) -> Option<Zeroizing<String>> {
        match (&self.value, &self.file) {
            (Some(_), Some(_)) => {
                let why = format!("{} is set as well: set one of them", S::VARIABLE);
                check.fault(S::FILE_VARIABLE, why, None)
            }
            (Some(value), None) => Some(value.clone()),
            // Without the file's name: it may be the secret itself, in the wrong variable.
            (None, Some(path)) => read(path.clone()).map_or_else(|why| check.fault(S::FILE_VARIABLE, why, None), Some),
            (None, None) => None,
        }
    }
}

/// What the file holds. A FIFO works, as of the shell's process substitution, and holds nobody up for ever.
fn read(path: PathBuf) -> Result<Zeroizing<String>, String> {
    let (sender, receiver) = mpsc::channel();
    // One that waits longer ends with the process, which does not start.
    thread::spawn(move || sender.send(text(&path)));
    let late = format!("the file it names was not read to its end within {} s", PATIENCE.as_secs());
    receiver.recv_timeout(PATIENCE).unwrap_or(Err(late))
}

/// Without what editors add: a byte order mark, and the end of the last line.
fn text(path: &Path) -> Result<Zeroizing<String>, String> {
    let bytes = bytes(path).map_err(|error| format!("the file it names can't be read: {error}"))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("the file it names holds more than {MAX_BYTES} bytes"));
    }
    let text = str::from_utf8(&bytes).map_err(|_| "the file it names is not text in UTF-8")?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    if text.is_empty() {
        return Err("the file it names is empty".to_owned());
    }
    Ok(Zeroizing::new(text.to_owned()))
}

fn bytes(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES as usize + 1));
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl<S: SecretName> Args for SecretSetting<S> {
    fn augment_args(command: Command) -> Command {
        let arg = |flag, variable| Arg::new(flag).long(flag).env(variable).hide_env_values(true).global(true);
        let file = format!("A file that holds what {} would: see there.", S::VARIABLE);
        command.arg(arg(S::FLAG, S::VARIABLE).value_name(S::VALUE).help(S::HELP.trim())).arg(
            arg(S::FILE_FLAG, S::FILE_VARIABLE).value_name("FILE").value_parser(value_parser!(OsString)).help(file),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: SecretName> FromArgMatches for SecretSetting<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let value = given(matches.get_one::<String>(S::FLAG)).map(|value| Zeroizing::new(value.to_owned()));
        let file = matches.get_one::<OsString>(S::FILE_FLAG).filter(|name| !name.is_empty()).map(PathBuf::from);
        Ok(Self { value, file, name: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
