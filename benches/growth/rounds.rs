//! The same on both sides by turns, and what the one takes for each millisecond of the other.

use std::time::Duration;

use crate::operations::Operation;
use crate::side::Side;
use crate::support::times::percentile;
use crate::support::{Outcome, processor_time};

/// What is to be reached, as large divided by small.
pub(crate) const TARGET: f64 = 1.2;

/// What one side took in a round: the median, and the time of processors that each request took, in milliseconds.
#[derive(Clone, Copy)]
struct Taken {
    median: f64,
    processors: f64,
}

/// What both took, small and large.
type Round = (Taken, Taken);

/// Asks both so often, the one and the other first by turns, beginning with the pick of this number.
async fn by_turns(
    small: &mut Side,
    large: &mut Side,
    operation: Operation,
    (first, requests): (usize, usize),
) -> Outcome<Round> {
    let (mut of_small, mut of_large) = (Half::begin(small).await?, Half::begin(large).await?);
    for number in first..first + requests {
        if number % 2 == 0 {
            of_small.ask(operation, number).await?;
        }
        of_large.ask(operation, number).await?;
        if number % 2 != 0 {
            of_small.ask(operation, number).await?;
        }
    }
    Ok((of_small.end()?, of_large.end()?))
}

/// One side in a round.
struct Half<'a> {
    side: &'a mut Side,
    processes: Vec<u32>,
    before: Duration,
    times: Vec<Duration>,
}

impl<'a> Half<'a> {
    async fn begin(side: &'a mut Side) -> Outcome<Self> {
        side.caller.reconnect().await?;
        let processes = side.processes().await?;
        Ok(Self { side, before: together(&processes)?, processes, times: Vec::new() })
    }

    async fn ask(&mut self, operation: Operation, number: usize) -> Outcome {
        self.times.push(self.side.time(operation, number).await?);
        Ok(())
    }

    fn end(mut self) -> Outcome<Taken> {
        let processors = together(&self.processes)?.saturating_sub(self.before).as_secs_f64();
        self.times.sort_unstable();
        let requests = self.times.len() as f64;
        Ok(Taken { median: percentile(&self.times, 0.5), processors: processors * 1000.0 / requests })
    }
}

/// How long these processes have run; those that have ended are left out.
fn together(processes: &[u32]) -> Outcome<Duration> {
    Ok(processes.iter().filter_map(|process| processor_time::of(*process).ok()).sum())
}

/// Each pick is touched for the first time, except for what the same rows and pages were touched for before.
pub(crate) async fn cold(small: &mut Side, large: &mut Side) -> Outcome {
    let requests = small.caller.half().max(large.caller.half());
    println!("\ncold: nothing of it was in memory; medians of {requests} (clean-up: a tenth) in ms");
    println!("{:32}{:>10}{:>10}{:>8}", "", "small", "large", "ratio");
    for operation in [Operation::Refresh, Operation::Login, Operation::Register, Operation::CleanUpSessions] {
        let (of_small, of_large) = by_turns(small, large, operation, (0, operation.share(requests))).await?;
        let (name, small, large) = (operation.name(), of_small.median, of_large.median);
        println!("{name:32}{small:10.3}{large:10.3}{:8.2}", large / small);
    }
    Ok(())
}

/// Whatever is asked about was asked about before. Returns the operations that take longer than they may.
pub(crate) async fn warm(
    small: &mut Side,
    large: &mut Side,
    (rounds, requests): (usize, usize),
) -> Outcome<Vec<Operation>> {
    let picks = small.caller.half().max(large.caller.half());
    for operation in Operation::ALL {
        by_turns(small, large, operation, (0, operation.share(picks))).await?;
    }
    let mut all = vec![Vec::with_capacity(rounds); Operation::ALL.len()];
    for round in 0..rounds {
        small.put_off_clean_up().await?;
        large.put_off_clean_up().await?;
        for (taken, operation) in all.iter_mut().zip(Operation::ALL) {
            let share = operation.share(requests);
            let first = round * share % operation.share(picks);
            taken.push(by_turns(small, large, operation, (first, share)).await?);
        }
    }
    println!(
        "\nwarm: {rounds} rounds of {requests} (clean-up: a tenth); medians in ms, and quartiles of the rounds' ratios"
    );
    println!("{:32}{:>9}{:>9}{:>20}{:>26}", "", "small", "large", "time", "time of processors");
    let mut over = Vec::new();
    for (taken, operation) in all.iter().zip(Operation::ALL) {
        let small = quartile(taken, 2, |(small, _)| small.median);
        let large = quartile(taken, 2, |(_, large)| large.median);
        let times = [1, 2, 3].map(|place| quartile(taken, place, |(small, large)| large.median / small.median));
        let processors =
            [1, 2, 3].map(|place| quartile(taken, place, |(small, large)| large.processors / small.processors));
        print!("{:32}{small:9.3}{large:9.3}  ", operation.name());
        for ratio in times {
            print!("{ratio:6.2}");
        }
        print!("        ");
        for ratio in processors {
            print!("{ratio:6.2}");
        }
        println!();
        if times[1] > TARGET {
            over.push(operation);
        }
    }
    Ok(over)
}

fn quartile(rounds: &[Round], place: usize, of: impl Fn(&Round) -> f64) -> f64 {
    let mut sorted: Vec<_> = rounds.iter().map(of).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() * place / 4).copied().unwrap_or(f64::NAN)
}
