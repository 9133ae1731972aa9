//! The figures, in plain text.

use std::time::Duration;

use crate::round::Round;
use crate::support::times::percentile;

/// The rounds of one row.
pub(crate) struct Row {
    name: &'static str,
    refused: Vec<Duration>,
    /// 0 where nothing was accepted.
    accepted: Vec<Duration>,
    /// Rounds in which something was.
    with_accepted: usize,
}

impl Row {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, refused: Vec::new(), accepted: Vec::new(), with_accepted: 0 }
    }

    pub(crate) fn add(&mut self, round: Round) {
        self.refused.push(round.refused);
        self.accepted.push(round.accepted.unwrap_or_default());
        self.with_accepted += usize::from(round.accepted.is_some());
    }
}

pub(crate) fn head(limit: Duration) {
    println!("milliseconds from the answer to the logout; nothing sent after {} may be accepted", limit.as_millis());
    println!("{:26}{:>6} | {:^27} | {:^35} |", "", "", "refused on both after", "last accepted was sent after");
    println!(
        "{:26}{:>6} | {:>9}{:>9}{:>9} | {:>8}{:>9}{:>9}{:>9} | {:>8}",
        "", "rounds", "p50", "p99", "max", "rounds", "p50", "p99", "max", "too late"
    );
}

/// Prints a row. Returns in how many rounds something was accepted too late.
pub(crate) fn row(mut row: Row, limit: Duration) -> usize {
    let late = row.accepted.iter().filter(|sent| **sent > limit).count();
    row.refused.sort_unstable();
    row.accepted.sort_unstable();
    let [one, two, three] = [0.5, 0.99, 1.0].map(|share| percentile(&row.refused, share));
    let [four, five, six] = [0.5, 0.99, 1.0].map(|share| percentile(&row.accepted, share));
    println!(
        "{:26}{:6} | {one:9.2}{two:9.2}{three:9.2} | {:8}{four:9.2}{five:9.2}{six:9.2} | {late:8}",
        row.name,
        row.refused.len(),
        row.with_accepted,
    );
    late
}
