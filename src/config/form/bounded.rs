//! Numbers and durations between two bounds.

use std::time::Duration;

use super::{Form, Kind, Reader, Shape, Subject};

/// A quantity of `unit` from `min` to `max`, both taken.
#[derive(Clone)]
pub(in super::super) struct Bounded<Q> {
    unit: &'static str,
    min: Q,
    max: Q,
}

/// What can be counted or measured.
pub(in super::super) trait Quantity: Copy + PartialOrd + Send + Sync + 'static {
    /// Its kind.
    const KIND: Kind;
    /// What the text of one is called.
    const NAME: &'static str;

    fn parse(text: &str) -> Option<Self>;

    fn shown(self) -> String;
}

/// A whole number from `min` to `max`.
pub(in super::super) fn number<Q: Quantity>(min: Q, max: Q) -> Reader<Bounded<Q>> {
    measure("", min, max)
}

/// A whole number of `unit` from `min` to `max`.
pub(in super::super) fn measure<Q: Quantity>(unit: &'static str, min: Q, max: Q) -> Reader<Bounded<Q>> {
    Reader(Bounded { unit, min, max })
}

/// A duration from `min` to `max`.
pub(in super::super) fn duration(min: Duration, max: Duration) -> Reader<Bounded<Duration>> {
    measure("", min, max)
}

impl<Q: Quantity> Form for Bounded<Q> {
    type Value = Q;

    fn read(&self, text: &str, subject: Subject) -> Result<Q, Vec<String>> {
        let quantity = Q::parse(text).filter(|quantity| (self.min..=self.max).contains(quantity));
        let of = if self.unit.is_empty() { String::new() } else { format!(" of {}", self.unit) };
        let (min, max) = (self.min.shown(), self.max.shown());
        quantity.ok_or_else(|| vec![format!("{} is not {}{of} from {min} to {max}", subject.of(text), Q::NAME)])
    }

    fn stand_in(&self) -> Q {
        self.min
    }

    fn shape(&self) -> Shape {
        Shape { unit: self.unit.to_owned(), ..Shape::new(Q::KIND, [self.min.shown(), self.max.shown()]) }
    }
}

macro_rules! whole_numbers {
    ($($number:ty),+) => {
        $(impl Quantity for $number {
            const KIND: Kind = Kind::Number;
            const NAME: &'static str = "a whole number";

            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn shown(self) -> String {
                self.to_string()
            }
        })+
    };
}

whole_numbers!(u32, u64, usize);

impl Quantity for Duration {
    const KIND: Kind = Kind::Duration;
    const NAME: &'static str = "a duration, such as 90s, 10m, 12h or 30d,";

    fn parse(text: &str) -> Option<Self> {
        humantime::parse_duration(text).ok()
    }

    /// In the largest unit that divides it, as it is written in settings: 400d.
    fn shown(self) -> String {
        let millis = self.as_millis();
        let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)];
        match units.into_iter().find(|(_, unit)| millis > 0 && millis.is_multiple_of(*unit)) {
            Some((name, unit)) => format!("{}{name}", millis / unit),
            None if millis == 0 => "0s".to_owned(),
            None => format!("{millis}ms"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_shown_as_it_is_written() {
        for text in ["0s", "1ms", "100ms", "1s", "75s", "1m", "90m", "1h", "36h", "1d", "400d"] {
            assert_eq!(Duration::parse(text).unwrap().shown(), text);
        }
    }

    #[test]
    fn both_bounds_are_taken_and_what_is_past_them_is_not() {
        let Reader(form) = measure("bytes", 8u32, 10);
        assert!(form.read("8", Subject::It).is_ok() && form.read("10", Subject::It).is_ok());
        for text in ["7", "11", "-8", "8.0", "8 bytes", "4294967304"] {
            assert_eq!(
                form.read(text, Subject::It).unwrap_err(),
                ["it is not a whole number of bytes from 8 to 10"],
                "{text}"
            );
        }
        assert_eq!(form.shape().allowed().unwrap(), "8 to 10 bytes");
    }
}
