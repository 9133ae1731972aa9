//! From the start of a benchmark to its exit status.

use std::num::NonZero;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::Outcome;

/// Lets `measured` come to its end, a signal or `longest`, whichever is first; what it started is stopped and removed then.
/// It returns how many things went wrong.
pub(crate) async fn run(name: &str, longest: Duration, measured: impl Future<Output = Outcome<usize>>) -> ExitCode {
    let measured = tokio::select! {
        measured = measured => measured,
        error = told_to_stop() => error,
        () = tokio::time::sleep(longest) => Err("it takes longer than it may".into()),
    };
    match measured {
        Ok(0) => ExitCode::SUCCESS,
        Ok(errors) => {
            eprintln!("{name}: {errors} errors");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn told_to_stop() -> Outcome<usize> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Err("stopped by a signal".into())
}

/// A number for the command line that is not 0.
pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse::<NonZero<usize>>().map(NonZero::get).map_err(|error| error.to_string())
}
