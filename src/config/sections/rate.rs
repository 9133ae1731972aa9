//! How a limit is written: 10/10m.

use std::time::Duration;

use super::{DAY, SECOND};
use crate::config::form::{Form, Kind, Quantity, Reader, Shape, Subject};

/// So many at once, and again over that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// In which time that many flow in.
    pub period: Duration,
}

impl Rate {
    /// In which time one flows in.
    #[must_use]
    pub fn interval(self) -> Duration {
        self.period / self.burst
    }
}

/// A rate within bounds.
#[derive(Clone)]
struct BoundedRate {
    bursts: [u32; 2],
    periods: [Duration; 2],
}

/// A number from 1 to 1000000 in a second to a day.
pub(super) fn rate() -> Reader<impl Form<Value = Rate>> {
    Reader(BoundedRate { bursts: [1, 1_000_000], periods: [SECOND, DAY] })
}

impl Form for BoundedRate {
    type Value = Rate;

    fn read(&self, text: &str, subject: Subject) -> Result<Rate, Vec<String>> {
        let ([least, most], [shortest, longest]) = (self.bursts, self.periods);
        let parsed = || {
            let (burst, period) = text.split_once('/')?;
            let (burst, period) = (burst.trim().parse().ok()?, Duration::parse(period.trim())?);
            let sound = (least..=most).contains(&burst) && (shortest..=longest).contains(&period);
            sound.then_some(Rate { burst, period })
        };
        parsed().ok_or_else(|| {
            let (shortest, longest) = (shortest.shown(), longest.shown());
            vec![format!(
                "{} is not a number from {least} to {most} and a duration from {shortest} to {longest}, such as 10/10m",
                subject.of(text)
            )]
        })
    }

    fn stand_in(&self) -> Rate {
        Rate { burst: self.bursts[0], period: self.periods[0] }
    }

    fn shape(&self) -> Shape {
        Shape::new(Kind::Rate, self.bursts.map(Quantity::shown).into_iter().chain(self.periods.map(Quantity::shown)))
    }
}
