//! Commands for operators, which work on the database and end.

mod accounts;
mod keys;
mod mail;
mod service_keys;

use portcullis::StartError;
use portcullis::app::Console;
use portcullis::clock::{Clock, Timestamp};
use portcullis::config::{Config, Settings};

pub(crate) use accounts::Accounts;
pub(crate) use keys::Keys;
pub(crate) use mail::{Mail, Outbox};
pub(crate) use service_keys::ServiceKeys;

use crate::serve::{Outcome, Signals, checked, say, say_that_it_starts, unless_stopped};
use portcullis::instance::open::{open_for_command, prepare};

/// A command that works on the database.
pub(crate) enum Work {
    Accounts(Accounts),
    Keys(Keys),
    Outbox(Outbox),
    ServiceKeys(ServiceKeys),
}

/// Does `work` on the database of the settings, and prints its output.
pub(crate) async fn run(settings: &Settings, work: Work) -> Outcome {
    let config = checked(settings)?;
    let password = match &work {
        Work::Accounts(command) => command.password()?,
        _ => String::new(),
    };
    let said = unless_stopped(&mut Signals::new()?, async move {
        let opened = open_for_command(&config, say_that_it_starts).await?;
        let said = async {
            // An operator who looks at keys does not want to migrate a database that others use.
            let config = Config { migrate: false, ..config };
            prepare(&config, opened.direct(), opened.private.is_some()).await?;
            let (target, secret) = (opened.target.clone(), opened.secret()?);
            let console = Console::new(config, target, secret, Clock::system()).map_err(StartError::of)?;
            match work {
                Work::Accounts(command) => command.run(&console.operator(), password).await,
                Work::Keys(command) => command.run(&console.operator()).await,
                Work::Outbox(command) => command.run(&console.operator()).await,
                Work::ServiceKeys(command) => command.run(&console.operator()).await,
            }
        }
        .await;
        opened.close().await?;
        said
    })
    .await?;
    let said = said.ok_or("stopped by a signal: what was asked for may have been done or not")?;
    say(&said);
    Ok(())
}

/// RFC 3339, to the second.
fn time(time: Timestamp) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
