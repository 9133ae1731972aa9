//! The parts of a run. Each starts what it needs and stops it.

mod connections;
mod logins;
mod logout;
mod mixed;
mod refresh;
mod requests;
mod storm;

use clap::ValueEnum;

use crate::report::Report;
use crate::setting::Setting;
use crate::support::Outcome;

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Part {
    /// `me` beside requests without work, with the log, and with the database asked each time.
    Requests,
    /// `me` on few connections and on many.
    Connections,
    /// `login`, `register` and sign-ins by passkey beside Argon2id alone.
    Logins,
    /// `logout`.
    Logout,
    /// `refreshToken` beside the statement alone.
    Refresh,
    /// `me` beside a storm of logins, and the server's memory.
    Storm,
    /// A mixture.
    Day,
}

pub(crate) async fn measure(part: Part, setting: &Setting, report: &mut Report) -> Outcome {
    match part {
        Part::Requests => requests::measure(setting, report).await,
        Part::Connections => connections::measure(setting, report).await,
        Part::Logins => logins::measure(setting, report).await,
        Part::Logout => logout::measure(setting, report).await,
        Part::Refresh => refresh::measure(setting, report).await,
        Part::Storm => storm::measure(setting, report).await,
        Part::Day => mixed::measure(setting, report).await,
    }
}
