//! `portcullis accounts`.

use std::io::{BufRead, IsTerminal, Read};

use clap::Subcommand;
use portcullis::StartError;
use portcullis::app::Operator;
use portcullis::error::Error;
use portcullis::ids::AccountId;
use portcullis::use_cases::accounts::{
    Created, Fault, NameTaken, Registration, Restored, Switched, create, delete, restore, set_enabled, sign_out,
};
use portcullis::use_cases::recover_account::{Recovered, recover};

use crate::serve::Outcome;

/// More bytes than any password has.
const MAX_LINE: u64 = 8192;

/// What can be done to accounts.
#[derive(Clone, Subcommand)]
pub(crate) enum Accounts {
    /// Make an account and print its id. The password is read from standard input: one line, not shown where it is typed. It
    /// opens no session.
    Create {
        /// The e-mail address.
        email: String,
        /// The username, if one is wanted.
        #[arg(long, value_name = "NAME")]
        username: Option<String>,
    },
    /// Shut an account out: from now on no instance accepts its password or tokens.
    Disable {
        /// Its e-mail address, username or id.
        account: String,
    },
    /// Let an account in again. Its sessions have ended: it signs in anew.
    Enable {
        /// Its e-mail address, username or id.
        account: String,
    },
    /// End all sessions of an account: from now on no instance accepts its tokens. Its password stays.
    SignOut {
        /// Its e-mail address, username or id.
        account: String,
    },
    /// Get somebody back in who has lost their second factors: removes them with the recovery codes and the password, ends all
    /// sessions, and sends the account's address a mail with which a new password is set.
    Recover {
        /// Its e-mail address, username or id.
        account: String,
    },
    /// Delete an account: its sessions end and its names are free at once. It is kept as long as PORTCULLIS_DELETED_ACCOUNTS_KEPT says.
    Delete {
        /// Its e-mail address, username or id.
        account: String,
    },
    /// Give a deleted account back that is still kept, if nobody else has its names. It signs in anew.
    Restore {
        /// The e-mail address or username that it had, or its id.
        account: String,
    },
}

impl Accounts {
    /// The password that the command asks for. Before signals are listened for: they would wait for the end of the line.
    pub(crate) fn password(&self) -> Outcome<String> {
        if !matches!(self, Self::Create { .. }) {
            return Ok(String::new());
        }
        let stdin = std::io::stdin();
        if stdin.is_terminal() {
            return Ok(rpassword::prompt_password("Password: ")?);
        }
        let mut line = String::new();
        stdin.lock().take(MAX_LINE).read_line(&mut line).map_err(|_| "the password is not text in UTF-8")?;
        let line = line.strip_suffix('\n').map_or(line.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
        Ok(line.to_owned())
    }

    /// Does it. Returns what is to be said of it.
    pub(crate) async fn run(self, operator: &Operator<'_>, password: String) -> Outcome<String> {
        let (account, enabled, done) = match self {
            Self::Create { email, username } => {
                let typed = Registration { email, password, username };
                return made(create(operator, typed).await.map_err(StartError::of)?);
            }
            Self::Disable { account } => (account, false, "disabled"),
            Self::Enable { account } => (account, true, "enabled"),
            Self::SignOut { account } => return done(sign_out(operator, &account).await, "signed out everywhere"),
            Self::Recover { account } => {
                return match recover(operator, &account).await.map_err(StartError::of)? {
                    Recovered::Done(id) => Ok(format!(
                        "The account {id} has no second factor and no password any more. A mail is on its way to its owner.\n"
                    )),
                    Recovered::Disabled(id) => Err(format!("the account {id} is disabled: enable it first").into()),
                    Recovered::Unknown => Err(UNKNOWN.into()),
                };
            }
            Self::Delete { account } => return done(delete(operator, &account).await, "deleted"),
            Self::Restore { account } => {
                return match restore(operator, &account).await.map_err(StartError::of)? {
                    Restored::Done(id) => Ok(format!("The account {id} is restored.\n")),
                    Restored::Taken(NameTaken::Email) => Err("another account has its e-mail address now".into()),
                    Restored::Taken(NameTaken::Username) => Err("another account has its username now".into()),
                    Restored::Unknown => Err("no account that was deleted and is kept had this name".into()),
                };
            }
        };
        match set_enabled(operator, &account, enabled).await.map_err(StartError::of)? {
            Switched::Done(id) => Ok(format!("The account {id} is {done}.\n")),
            Switched::Already(id) => Err(format!("the account {id} is {done} already").into()),
            Switched::Unknown => Err(UNKNOWN.into()),
        }
    }
}

const UNKNOWN: &str = "no account has this e-mail address, username or id";

fn done(which: Result<Option<AccountId>, Error>, what: &str) -> Outcome<String> {
    let id = which.map_err(StartError::of)?.ok_or(UNKNOWN)?;
    Ok(format!("The account {id} is {what}.\n"))
}

fn made(created: Created) -> Outcome<String> {
    match created {
        Created::Done(id) => Ok(format!("{id}\n")),
        Created::Taken(NameTaken::Email) => Err("an account with this e-mail address exists".into()),
        Created::Taken(NameTaken::Username) => Err("an account with this username exists".into()),
        Created::Invalid(faults) => Err(faults.iter().map(fault).collect::<Vec<_>>().join(" ").into()),
        Created::Weak(weakness) => {
            let said = weakness.warning.into_iter().chain(weakness.suggestions).collect::<Vec<_>>();
            Err(format!("The password is easily guessed. {}", said.join(" ")).into())
        }
    }
}

fn fault(fault: &Fault) -> String {
    match fault {
        Fault::Email => "This is not an e-mail address.".to_owned(),
        Fault::Username(why) => why.to_string(),
        Fault::Password(why) => why.to_string(),
    }
}
