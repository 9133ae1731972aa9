//! What a run of a benchmark leaves for programs.

use serde::{Deserialize, Serialize};

/// A run.
#[derive(Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) benchmark: String,
    /// RFC 3339, in UTC.
    pub(crate) date: String,
    pub(crate) version: String,
    /// With `-changed` where files differ from it.
    pub(crate) commit: Option<String>,
    pub(crate) machine: Machine,
    /// The parts that were run.
    pub(crate) parts: Vec<String>,
    /// Of each measurement.
    pub(crate) seconds: u64,
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Row>,
    pub(crate) ratios: Vec<Ratio>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) memory_mib: u64,
    pub(crate) kernel: String,
    /// The numbers of the processors that they may use.
    pub(crate) server_processors: Vec<usize>,
    pub(crate) generator_processors: Vec<usize>,
}

/// What became of one load. A figure that was not measured is null.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) connections: usize,
    pub(crate) requests: usize,
    pub(crate) errors: usize,
    pub(crate) busy: usize,
    pub(crate) a_second: f64,
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p95_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    pub(crate) max_ms: Option<f64>,
    /// Processor time a request.
    pub(crate) server_us: Option<f64>,
    pub(crate) postgres_us: Option<f64>,
    /// The most memory that the server had meanwhile.
    pub(crate) peak_mib: Option<f64>,
}

/// One figure to another, or a bound.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Ratio {
    pub(crate) name: String,
    /// The median of the rounds, unless nothing came of any.
    pub(crate) value: Option<f64>,
    pub(crate) rounds: Vec<f64>,
    pub(crate) target: Option<Target>,
    /// Whether it reaches its target.
    pub(crate) held: Option<bool>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Row {
    /// With the rest not measured.
    pub(crate) fn of(name: &str, a_second: f64) -> Self {
        Self {
            name: name.to_owned(),
            connections: 0,
            requests: 0,
            errors: 0,
            busy: 0,
            a_second,
            p50_ms: None,
            p95_ms: None,
            p99_ms: None,
            max_ms: None,
            server_us: None,
            postgres_us: None,
            peak_mib: None,
        }
    }

    /// Its figures that another run may be compared by.
    pub(crate) fn figures(&self) -> [(&'static str, Option<f64>); 7] {
        [
            ("a second", Some(self.a_second)),
            ("p50 ms", self.p50_ms),
            ("p95 ms", self.p95_ms),
            ("p99 ms", self.p99_ms),
            ("server us", self.server_us),
            ("postgres us", self.postgres_us),
            ("peak MiB", self.peak_mib),
        ]
    }
}

impl Ratio {
    /// The median of these. One that is no number is left out.
    pub(crate) fn of(name: &str, mut rounds: Vec<f64>, target: Option<Target>) -> Self {
        rounds.retain(|value| value.is_finite());
        let value = Some(median(&rounds)).filter(|value| value.is_finite());
        let held = target.map(|target| match target {
            Target::AtLeast(bound) => value.is_some_and(|value| value >= bound),
            Target::AtMost(bound) => value.is_some_and(|value| value <= bound),
        });
        Self { name: name.to_owned(), value, rounds, target, held }
    }
}

/// Not a number if there are none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.get(middle) {
        Some(high) if sorted.len().is_multiple_of(2) => f64::midpoint(sorted[middle - 1], *high),
        Some(middle) => *middle,
        None => f64::NAN,
    }
}
