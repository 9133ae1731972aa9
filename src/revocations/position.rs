//! Where a reader of the revocations is.

use std::fmt;
use std::str::FromStr;

/// What a reader has seen: a snapshot of PostgreSQL's transactions, `xmin:xmax:xip,...`. Rows become visible in another order than
/// they are numbered in, and a long transaction may add one long after later ones were read; only the set of
/// transactions that were over tells exactly what is still to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    text: String,
    /// The first transaction that had not begun.
    next: u64,
}

/// Not a position that was handed out.
#[derive(Debug, thiserror::Error)]
#[error("not a position")]
pub struct BadPosition;

/// Longer than a snapshot of as many transactions as PostgreSQL can have connections in practice.
const MAX_BYTES: usize = 16 * 1024;

impl Position {
    /// Before everything.
    #[must_use]
    pub fn start() -> Self {
        Self { text: "1:1:".to_owned(), next: 1 }
    }

    /// In PostgreSQL's form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is from the future of `now`: from another database, or from one that was lost and restored.
    #[must_use]
    pub fn is_ahead_of(&self, now: &Self) -> bool {
        self.next > now.next
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Position {
    type Err = BadPosition;

    /// As strict as PostgreSQL: what passes here is no error there.
    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let number = |text: &str| {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            // PostgreSQL's numbers of transactions have 63 bits in practice.
            text.parse::<u64>().ok().filter(|number| plain && *number > 0 && *number < 1 << 63).ok_or(BadPosition)
        };
        if text.len() > MAX_BYTES {
            return Err(BadPosition);
        }
        let mut parts = text.split(':');
        let (Some(xmin), Some(xmax), Some(open), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(BadPosition);
        };
        let (xmin, xmax) = (number(xmin)?, number(xmax)?);
        let mut last = xmin;
        for open in open.split(',').filter(|_| !open.is_empty()) {
            let open = number(open)?;
            if open < last || open >= xmax {
                return Err(BadPosition);
            }
            last = open;
        }
        if xmin > xmax { Err(BadPosition) } else { Ok(Self { text: text.to_owned(), next: xmax }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_postgresql_reads_it() {
        for text in ["1:1:", "795:799:795,797", "5:5:", "10:20:10,15,19"] {
            assert_eq!(text.parse::<Position>().unwrap().as_str(), text);
        }
        for text in [
            "",
            ":",
            "::",
            "1:1",
            "1:1::",
            "0:1:",
            "2:1:",
            "1:5:5",
            "3:5:2",
            "1:9:5,4",
            "1:9:5,",
            "1:9:,5",
            "+1:2:",
            " 1:2:",
            "1:2:\n",
            "a:b:",
            "1:18446744073709551615:",
            "1:99999999999999999999:",
            &"1".repeat(20_000),
        ] {
            assert!(text.parse::<Position>().is_err(), "{text:?}");
        }
        let (early, late): (Position, Position) = ("5:9:7".parse().unwrap(), "9:10:".parse().unwrap());
        assert!(late.is_ahead_of(&early) && !early.is_ahead_of(&late) && !Position::start().is_ahead_of(&early));
    }
}
