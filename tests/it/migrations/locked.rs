//! The tables of which a statement takes a lock for which writers wait.

use super::statement::Statement;

/// Kinds of statements that take such a lock, and the words after which the names of the tables stand.
const KINDS: [(&str, &[&str]); 8] = [
    ("ALTER_TABLE", &["TABLE", "REFERENCES"]),
    ("CREATE_INDEX", &["ON"]),
    ("CREATE_TABLE", &["REFERENCES"]),
    ("CREATE_TRIGGER", &["ON"]),
    ("DROP_TABLE", &["TABLE"]),
    ("DROP_TRIGGER", &["ON"]),
    ("LOCK", &["LOCK"]),
    ("TRUNCATE", &["TRUNCATE"]),
];

/// Words that may stand before a name.
const BETWEEN: [&str; 4] = ["TABLE", "IF", "EXISTS", "ONLY"];

/// The tables, without their schemas.
pub(super) fn tables(statement: &Statement) -> Vec<String> {
    let kind = statement.kind();
    let Some((_, before)) = KINDS.iter().find(|(known, _)| *known == kind) else { return Vec::new() };
    if statement.says("CONCURRENTLY") {
        return Vec::new();
    }
    let words = statement.words();
    let is = |place: usize, these: &[&str]| {
        words.get(place).is_some_and(|word| these.iter().any(|this| word.eq_ignore_ascii_case(this)))
    };
    let mut tables = Vec::new();
    for start in (0..words.len()).filter(|place| is(*place, before)) {
        let mut place = start + 1;
        loop {
            while is(place, &BETWEEN) {
                place += 1;
            }
            while is(place + 1, &["."]) {
                place += 2;
            }
            tables.extend(words.get(place).map(|name| name.trim_matches('"').to_owned()));
            if !is(place + 1, &[","]) || *before == ["REFERENCES"] {
                break;
            }
            place += 2;
        }
        // `ON DELETE` and the like come later.
        if *before == ["ON"] {
            break;
        }
    }
    tables
}
