//! Two runs of a benchmark side by side, from the files that it wrote.
//!
//! ```text
//! cargo bench --bench load -- --json before.json
//! cargo bench --bench load -- --json after.json
//! cargo bench --bench compare -- before.json after.json
//! ```
//!
//! It prints each figure of both, and the second's to the first's, and says which targets are held now that were missed, and which are
//! missed now. These make the exit status 1. Whether a difference is more than noise, the figures of two runs can't tell.

#[path = "../support/mod.rs"]
mod support;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use support::Outcome;
use support::record::Record;

/// Compares two runs.
#[derive(Parser)]
struct Arguments {
    /// What `--json` wrote in the first run.
    before: PathBuf,
    /// And in the second.
    after: PathBuf,
    /// Leaves out what differs by less than this share.
    #[arg(long, default_value_t = 0.0)]
    least: f64,
    /// Cargo passes it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match compare(&Arguments::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns how many targets are missed now that were held.
fn compare(arguments: &Arguments) -> Outcome<usize> {
    let (before, after) = (read(&arguments.before)?, read(&arguments.after)?);
    table::runs(&before, &after);
    table::figures(&before.rows, &after.rows, arguments.least);
    table::ratios(&before.ratios, &after.ratios);
    Ok(table::targets(&before.ratios, &after.ratios))
}

fn read(file: &Path) -> Outcome<Record> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?)
}
