//! The figures, in plain text.

use crate::support::record::{Ratio, Record, Row, Target};

pub(crate) fn head(record: &Record) {
    let machine = &record.machine;
    println!("{}, {} MiB, Linux {}", machine.processor, machine.memory_mib, machine.kernel);
    println!(
        "server, PostgreSQL and peers on processors {:?}, generator on {:?}",
        machine.server_processors, machine.generator_processors
    );
    if machine.server_processors == machine.generator_processors {
        println!("there is one processor alone: requests a second say nothing here");
    }
    println!("{} rounds of {} s; latencies in ms, processor time a request in us\n", record.rounds, record.seconds);
    println!(
        "{:24}{:>6}{:>10}{:>8}{:>6}{:>10}{:>9}{:>9}{:>9}{:>10}{:>10}{:>7}",
        "", "conns", "requests", "errors", "busy", "a second", "p50", "p95", "p99", "server", "postgres", "MiB"
    );
}

pub(crate) fn row(row: &Row) {
    println!(
        "{:24}{:6}{:10}{:8}{:6}{:10.1}{:>9}{:>9}{:>9}{:>10}{:>10}{:>7}",
        row.name,
        row.connections,
        row.requests,
        row.errors,
        row.busy,
        row.a_second,
        known(row.p50_ms, 2),
        known(row.p95_ms, 2),
        known(row.p99_ms, 2),
        known(row.server_us, 1),
        known(row.postgres_us, 1),
        known(row.peak_mib, 0),
    );
}

fn known(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}

pub(crate) fn ratios(ratios: &[Ratio]) {
    println!("\n{:58}{:>8}{:>9}{:>9}  target", "medians of the rounds", "ratio", "least", "most");
    for Ratio { name, value, rounds, target, held } in ratios {
        let (least, most) = (rounds.iter().copied().reduce(f64::min), rounds.iter().copied().reduce(f64::max));
        let [value, least, most] = [*value, least, most].map(|value| known(value, 3));
        let target = match target {
            Some(Target::AtLeast(bound)) => format!("at least {bound}"),
            Some(Target::AtMost(bound)) => format!("at most {bound}"),
            None => String::new(),
        };
        let held = held.map_or("", |held| if held { ", held" } else { ", MISSED" });
        println!("{name:58}{value:>8}{least:>9}{most:>9}  {target}{held}");
    }
}
