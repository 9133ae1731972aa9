//! Settings that hold a secret: given by themselves, or as the name of a file that holds it (`PORTCULLIS_SECRET_FILE`).

use std::marker::PhantomData;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use zeroize::Zeroizing;

use super::faults::Check;
use super::form::{self, Given, file_name};
use super::secret::{self, Secret};
use super::small_file::SmallFile;

/// More than any secret has: whoever names the wrong file is told.
const MAX_BYTES: u64 = 65_536;

/// What a setting that holds a secret is called. `secret_setting!` declares one.
pub(super) trait SecretName: Clone + Send + Sync + 'static {
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
        pub(super) struct $name;

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
    /// The PostgreSQL, 14 or later, to use: postgres://user:password@host:port/database?sslmode=verify-full. Without it a private
    /// PostgreSQL is started in the data directory.
    DatabaseUrl, "database-url", "DATABASE_URL", "URL"
}

secret_setting! {
    /// A second address of that database, past a pooler in transaction mode (such as PgBouncer) to which DATABASE_URL points.
    /// Changes are heard, and migrations applied, that way.
    DatabaseDirectUrl, "database-direct-url", "PORTCULLIS_DATABASE_DIRECT_URL", "URL"
}

secret_setting! {
    /// The mail server: smtp://user:password@host:587 for STARTTLS, smtps://user:password@host:465 for TLS from the start. With
    /// ?tls=opportunistic or ?tls=none mails may leave unencrypted. The latter is the default if the server is on this machine,
    /// and there only. ?sslrootcert names a file of certificates to trust in place of the system's. Without a mail server, mails are shown at /mail
    /// in development, and what needs them is off in production.
    SmtpUrl, "smtp-url", "PORTCULLIS_SMTP_URL", "URL"
}

secret_setting! {
    /// The deployment's secret, of 32 bytes or more, the same for all instances. It seals the signing keys in the database.
    /// With the private PostgreSQL one is made and kept in the data directory. Prefer a file or the environment variable,
    /// since other users of the machine can read flags.
    DeploymentSecret, "secret", "PORTCULLIS_SECRET", "SECRET"
}

secret_setting! {
    /// The secret that was used before, while PORTCULLIS_SECRET is being replaced. What it sealed is sealed anew at start.
    PreviousSecret, "secret-previous", "PORTCULLIS_SECRET_PREVIOUS", "SECRET"
}

/// A setting that holds a secret, as it is given.
#[derive(Clone)]
pub(super) struct SecretSetting<S> {
    value: Option<Given<Zeroizing<String>>>,
    file: Option<Given<PathBuf>>,
    name: PhantomData<S>,
}

impl<S: SecretName> SecretSetting<S> {
    /// Whether it is set, if only to something that can't be used.
    pub(super) fn is_given(&self, check: &Check) -> bool {
        self.value.is_some() || self.file.is_some() || check.file_may_set(&[S::FLAG, S::FILE_FLAG])
    }

    /// The variable that holds it, or names its file: where a fault of it is to be looked for.
    pub(super) fn variable(&self) -> &'static str {
        if self.file.is_some() { S::FILE_VARIABLE } else { S::VARIABLE }
    }

    /// The secret, if it is set and can be read. The file is read anew each time.
    pub(super) fn read(&self, check: &mut Check) -> Option<Zeroizing<String>> {
        if self.value.is_some() && self.file.is_some() {
            let why = format!("{} is set as well: set one of them", S::VARIABLE);
            return check.fault(S::FILE_VARIABLE, why, None);
        }
        match check.optional(self.file.as_ref()) {
            // Without the file's name: it may be the secret itself, in the wrong variable.
            Some(path) => match text(path) {
                Ok(text) => Some(text),
                Err(why) => check.fault(S::FILE_VARIABLE, format!("the file it names {why}"), None),
            },
            None => check.optional(self.value.as_ref()),
        }
    }

    /// The secret as the one of a deployment.
    pub(super) fn read_deployment_secret(&self, check: &mut Check) -> Option<Secret> {
        let secret = Secret::new(self.read(check)?.as_bytes());
        if secret.is_none() {
            let why = format!("it needs {} bytes or more; `openssl rand -base64 32` makes one", secret::MIN_BYTES);
            check.fault(self.variable(), why, ());
        }
        secret
    }
}

/// Without what editors add: a byte order mark, and the end of the last line.
fn text(path: PathBuf) -> Result<Zeroizing<String>, String> {
    let file = SmallFile::read(path, MAX_BYTES)?;
    let text = file.text.strip_suffix('\n').map_or(file.text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    Ok(Zeroizing::new(text.to_owned()))
}

impl<S: SecretName> Args for SecretSetting<S> {
    fn augment_args(command: Command) -> Command {
        let arg = |flag, variable| Arg::new(flag).long(flag).env(variable).hide_env_values(true).global(true);
        let value = arg(S::FLAG, S::VARIABLE).value_name(S::VALUE).value_parser(form::secret()).help(S::HELP.trim());
        let help = format!("A file that holds what {} would.", S::VARIABLE);
        let file = arg(S::FILE_FLAG, S::FILE_VARIABLE).value_name("FILE").value_parser(file_name()).help(help);
        command.arg(value).arg(file)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: SecretName> FromArgMatches for SecretSetting<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let value: Option<Given<_>> = matches.get_one(S::FLAG).cloned().filter(|given: &Given<_>| given.is_set);
        let file: Option<Given<_>> = matches.get_one(S::FILE_FLAG).cloned().filter(|given: &Given<_>| given.is_set);
        // A flag or a variable, of either name, goes before the file of settings.
        let is_explicit = |is_fallback: Option<bool>| is_fallback == Some(false);
        let explicit_value = is_explicit(value.as_ref().map(|given| given.is_fallback));
        let explicit_file = is_explicit(file.as_ref().map(|given| given.is_fallback));
        let value = value.filter(|given| !given.is_fallback || !explicit_file);
        let file = file.filter(|given| !given.is_fallback || !explicit_value);
        Ok(Self { value, file, name: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
