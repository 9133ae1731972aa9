//! What all parts found.

use crate::contender::Contender;
use crate::slice::{self, Slice};
use crate::support::record::{Ratio, Row, Target};
use crate::table;

#[derive(Default)]
pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
    pub(crate) ratios: Vec<Ratio>,
    /// How many requests went wrong.
    pub(crate) errors: usize,
}

impl Report {
    /// A refusal is an error.
    pub(crate) fn add(&mut self, contender: &Contender) {
        self.errors += contender.slices.iter().map(|slice| slice.busy).sum::<usize>();
        self.add_storm(contender);
    }

    /// A storm must expect refusals.
    pub(crate) fn add_storm(&mut self, contender: &Contender) {
        let row = slice::row(contender.name, &contender.slices);
        self.errors += row.errors;
        self.add_row(row);
        if let Some(error) = contender.slices.iter().find_map(|slice| slice.error.as_ref()) {
            println!("  such as: {error}");
        }
    }

    pub(crate) fn add_row(&mut self, row: Row) {
        table::row(&row);
        self.rows.push(row);
    }

    /// Round by round, a figure of the one to that of the other.
    pub(crate) fn compare(
        &mut self,
        name: &str,
        (one, other): (&Contender, &Contender),
        figure: fn(&Slice) -> f64,
        target: Option<Target>,
    ) {
        let rounds = one.slices.iter().zip(&other.slices).map(|(one, other)| figure(one) / figure(other)).collect();
        self.ratios.push(Ratio::of(name, rounds, target));
    }

    /// Round by round, the rate of the one to these.
    pub(crate) fn compare_rates(&mut self, name: &str, one: &Contender, rates: &[f64], target: Option<Target>) {
        let rounds = one.slices.iter().zip(rates).map(|(slice, rate)| slice.rate() / rate).collect();
        self.ratios.push(Ratio::of(name, rounds, target));
    }
}
