//! The position of a reader of the revocations.

use std::fmt;
use std::str::FromStr;

/// What a reader has seen: `<history>-<snapshot>`. The snapshot is a set of PostgreSQL's transactions,
/// `xmin:xmax:xip,...`. Rows become visible in another order than that of their numbers, and a long transaction may
/// add one long after later ones were read. Only the set of finished transactions tells exactly what is still to be
/// read. The numbers are valid only in their own history: another cluster, or one that lost its last commits, gives
/// them to other transactions. A history ends in its mark, which tells it from another of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    history: String,
    snapshot: String,
}

/// The text is not a position.
#[derive(Debug, thiserror::Error)]
#[error("not a position")]
pub(crate) struct BadPosition;

/// A length that no snapshot has in practice, even with as many transactions as PostgreSQL can have connections.
const MAX_BYTES: usize = 16 * 1024;

impl Position {
    /// The position before all revocations.
    #[must_use]
    pub(crate) fn start() -> Self {
        Self { history: "0".to_owned(), snapshot: "1:1:".to_owned() }
    }

    pub(crate) fn history(&self) -> &str {
        &self.history
    }

    /// The name of the history, as the rows have it. A database has rows of one history of this name alone.
    pub(super) fn unmarked(&self) -> &str {
        self.history.rsplit_once('.').map_or(self.history.as_str(), |(name, _)| name)
    }

    /// In PostgreSQL's form.
    pub(super) fn snapshot(&self) -> &str {
        &self.snapshot
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.history, self.snapshot)
    }
}

impl FromStr for Position {
    type Err = BadPosition;

    /// As strict as PostgreSQL, so that what is accepted here causes no error there.
    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let (history, snapshot) = text.split_once('-').filter(|_| text.len() <= MAX_BYTES).ok_or(BadPosition)?;
        let known = |byte: u8| byte.is_ascii_hexdigit() || byte == b'.';
        if history.is_empty() || !history.bytes().all(known) || !is_snapshot(snapshot) {
            return Err(BadPosition);
        }
        Ok(Self { history: history.to_owned(), snapshot: snapshot.to_owned() })
    }
}

/// What PostgreSQL reads as a `pg_snapshot`.
fn is_snapshot(text: &str) -> bool {
    let number = |text: &str| {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // Its numbers of transactions have 63 bits in practice.
        text.parse::<u64>().ok().filter(|number| plain && *number > 0 && *number < 1 << 63)
    };
    let parts: Vec<&str> = text.split(':').collect();
    let &[xmin, xmax, open] = parts.as_slice() else { return false };
    let (Some(xmin), Some(xmax)) = (number(xmin), number(xmax)) else { return false };
    let mut last = xmin;
    xmin <= xmax
        && (open.is_empty()
            || open.split(',').all(|open| {
                let in_order = number(open).filter(|open| *open >= last && *open < xmax);
                last = in_order.unwrap_or(last);
                in_order.is_some()
            }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_postgresql_reads_it() {
        for text in ["0-1:1:", "7712188989701294530.0000000A-795:799:795,797", "1.1-5:5:", "0.0-10:20:10,15,19"] {
            assert_eq!(text.parse::<Position>().unwrap().to_string(), text);
        }
        let marked: Position = "7712.0000000A.5.0f3c-795:799:".parse().unwrap();
        assert_eq!((marked.history(), marked.unmarked()), ("7712.0000000A.5.0f3c", "7712.0000000A.5"));
        for text in [
            "",
            "-",
            "-5:5:",
            "1:1:",
            "1-:",
            "1-::",
            "1-1:1",
            "1-1:1::",
            "1-0:1:",
            "1-2:1:",
            "1-1:5:5",
            "1-3:5:2",
            "1-1:9:5,4",
            "1-1:9:5,",
            "1-1:9:,5",
            "1-+1:2:",
            "1- 1:2:",
            "1-1:2:\n",
            "1-a:b:",
            "1-1:18446744073709551615:",
            "x-1:1:",
            "'-1:1:",
            "1-1:99999999999999999999:",
            &"1".repeat(20_000),
        ] {
            assert!(text.parse::<Position>().is_err(), "{text:?}");
        }
    }
}
