//! Percentiles.

use std::time::Duration;

/// The time, in milliseconds, that this share of them did not exceed; not a number if there are none. They are in ascending
/// order.
pub(crate) fn percentile(sorted: &[Duration], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}
