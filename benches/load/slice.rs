//! What became of one turn.

use std::time::Duration;

use crate::support::record::{Row, median};
use crate::support::times;
use crate::window::Seen;

#[derive(Default)]
pub(crate) struct Slice {
    pub(crate) connections: usize,
    /// Those that were answered as expected, once all clients were under way.
    pub(crate) requests: usize,
    /// SERVER_BUSY: what a storm must expect, an error for everybody else.
    pub(crate) busy: usize,
    pub(crate) errors: usize,
    /// The first error, in words.
    pub(crate) error: Option<String>,
    /// Before the time was over: what comes later may come faster, with no other load beside it.
    pub(crate) in_time: usize,
    /// Of `requests`, in ascending order.
    pub(crate) latencies: Vec<Duration>,
    pub(crate) seen: Option<Seen>,
}

impl Slice {
    pub(crate) fn error(&mut self, why: String) {
        self.errors += 1;
        self.error.get_or_insert(why);
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.busy += other.busy;
        self.errors += other.errors;
        self.error = self.error.take().or(other.error);
        self.in_time += other.in_time;
        self.latencies.extend(other.latencies);
    }

    /// Requests a second that were answered as expected.
    pub(crate) fn rate(&self) -> f64 {
        self.seen.as_ref().map_or(f64::NAN, |seen| self.in_time as f64 / seen.seconds)
    }

    /// Microseconds of the server a request.
    pub(crate) fn server(&self) -> f64 {
        self.a_request(self.seen.as_ref().map(|seen| seen.spent.server)).unwrap_or(f64::NAN)
    }

    /// Microseconds of PostgreSQL a request.
    fn postgres(&self) -> Option<f64> {
        self.a_request(self.seen.as_ref().and_then(|seen| seen.spent.postgres))
    }

    fn a_request(&self, time: Option<Duration>) -> Option<f64> {
        time.map(|time| time.as_secs_f64() * 1e6 / self.in_time as f64).filter(|micros| micros.is_finite())
    }

    /// In milliseconds.
    pub(crate) fn p99(&self) -> f64 {
        times::percentile(&self.latencies, 0.99)
    }
}

/// All turns together: medians of what each turn has, percentiles of all requests.
pub(crate) fn row(name: &str, slices: &[Slice]) -> Row {
    let mut latencies: Vec<_> = slices.iter().flat_map(|slice| slice.latencies.iter().copied()).collect();
    latencies.sort_unstable();
    let percentile = |share| Some(times::percentile(&latencies, share)).filter(|value| value.is_finite());
    let sum = |of: fn(&Slice) -> usize| slices.iter().map(of).sum();
    let middle = |of: &dyn Fn(&Slice) -> Option<f64>| {
        Some(median(&slices.iter().filter_map(of).collect::<Vec<_>>())).filter(|value| value.is_finite())
    };
    Row {
        name: name.to_owned(),
        connections: slices.iter().map(|slice| slice.connections).max().unwrap_or_default(),
        requests: sum(|slice| slice.requests),
        errors: sum(|slice| slice.errors),
        busy: sum(|slice| slice.busy),
        a_second: middle(&|slice| Some(slice.rate())).unwrap_or_default(),
        p50_ms: percentile(0.5),
        p95_ms: percentile(0.95),
        p99_ms: percentile(0.99),
        max_ms: percentile(1.0),
        server_us: middle(&|slice| Some(slice.server()).filter(|value| value.is_finite())),
        postgres_us: middle(&|slice| slice.postgres()),
        peak_mib: slices.iter().filter_map(|slice| slice.seen.as_ref()?.peak).reduce(f64::max),
    }
}
