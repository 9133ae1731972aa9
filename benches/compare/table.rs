//! The two side by side, in plain text.

use crate::support::record::{Ratio, Record, Row};

pub(crate) fn runs(before: &Record, after: &Record) {
    for (name, run) in [("before", before), ("after", after)] {
        let commit = run.commit.as_deref().unwrap_or("no commit");
        let (machine, date) = (&run.machine, &run.date);
        println!("{name:8}{} {}, {commit}, {date}", run.benchmark, run.version);
        println!("        {}, {} rounds of {} s", machine.processor, run.rounds, run.seconds);
    }
    let (one, other) = (&before.machine, &after.machine);
    let measured = |run: &Record| (run.rounds, run.seconds);
    if (&one.processor, &one.server_processors) != (&other.processor, &other.server_processors)
        || measured(before) != measured(after)
    {
        println!("They were not measured alike: only the ratios of a run with itself may be compared.");
    }
}

/// Leaves out figures that differ by less than `least`.
pub(crate) fn figures(before: &[Row], after: &[Row], least: f64) {
    println!("\n{:24}{:>6}  {:<13}{:>12}{:>12}{:>8}", "", "conns", "", "before", "after", "ratio");
    for row in before {
        let Some(other) = after.iter().find(|other| alike(row, other)) else {
            println!("{:24}{:6}  only before", row.name, row.connections);
            continue;
        };
        for ((name, one), (_, other)) in row.figures().into_iter().zip(other.figures()) {
            let Some((one, other)) = one.zip(other) else { continue };
            let ratio = other / one;
            if (ratio - 1.0).abs() >= least {
                println!("{:24}{:6}  {name:<13}{one:12.2}{other:12.2}{ratio:8.3}", row.name, row.connections);
            }
        }
        if (row.errors, row.busy) != (other.errors, other.busy) {
            println!(
                "{:24}{:6}  errors, busy  {}, {} then {}, {}",
                row.name, row.connections, row.errors, row.busy, other.errors, other.busy
            );
        }
    }
    for row in after.iter().filter(|row| !before.iter().any(|other| alike(row, other))) {
        println!("{:24}{:6}  only after", row.name, row.connections);
    }
}

fn alike(one: &Row, other: &Row) -> bool {
    (&one.name, one.connections) == (&other.name, other.connections)
}

pub(crate) fn ratios(before: &[Ratio], after: &[Ratio]) {
    println!("\n{:58}{:>10}{:>10}{:>8}", "ratios of a run with itself", "before", "after", "ratio");
    for (ratio, other) in pairs(before, after) {
        let Some((before, after)) = ratio.value.zip(other.value) else { continue };
        println!("{:58}{before:10.3}{after:10.3}{:8.3}", ratio.name, after / before);
    }
    for (place, these, others) in [("before", before, after), ("after", after, before)] {
        let alone = these.iter().filter(|ratio| !others.iter().any(|other| other.name == ratio.name));
        alone.for_each(|ratio| println!("{:58}only {place}", ratio.name));
    }
}

/// Says which targets have changed sides. Returns how many are missed now that were held. Those that were not measured again are none
/// of them.
pub(crate) fn targets(before: &[Ratio], after: &[Ratio]) -> usize {
    let changed = |from, to| -> Vec<_> {
        pairs(before, after).filter(|(one, other)| (one.held, other.held) == (Some(from), Some(to))).collect()
    };
    let (won, lost) = (changed(false, true), changed(true, false));
    println!();
    if won.is_empty() && lost.is_empty() {
        println!("No target has changed sides.");
    }
    won.iter().for_each(|(one, _)| println!("held now:   {}", one.name));
    lost.iter().for_each(|(one, _)| println!("MISSED now: {}", one.name));
    lost.len()
}

fn pairs<'a>(before: &'a [Ratio], after: &'a [Ratio]) -> impl Iterator<Item = (&'a Ratio, &'a Ratio)> {
    before.iter().filter_map(|one| Some((one, after.iter().find(|other| other.name == one.name)?)))
}
