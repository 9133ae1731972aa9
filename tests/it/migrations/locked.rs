//! The tables of which a statement takes a lock for which writers wait.

use super::references::ForeignKey;
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
pub(super) fn tables(statement: &Statement, keys: &[&ForeignKey]) -> Vec<String> {
    let mut tables = named(statement);
    let of_keys = referred_to(statement, &tables, keys);
    tables.extend(of_keys);
    tables
}

/// Whether it only validates constraints, for which nobody waits who reads or writes.
fn only_validates(statement: &Statement) -> bool {
    let own = statement.own();
    let mut actions =
        own.iter().filter(|kind| !["IF_EXISTS", "TABLE_RELATION_NAME"].contains(&kind.as_str())).peekable();
    statement.kind() == "ALTER_TABLE" && actions.peek().is_some() && actions.all(|kind| kind == "VALIDATE_CONSTRAINT")
}

/// The tables at the other end of foreign keys that it takes away.
fn referred_to(statement: &Statement, named: &[String], keys: &[&ForeignKey]) -> Vec<String> {
    let of_these = keys.iter().filter(|key| named.contains(&key.table));
    let here: Vec<_> = match statement.kind().as_str() {
        "DROP_TABLE" => of_these.map(|key| &key.refers_to).collect(),
        "ALTER_TABLE" => {
            let dropped = statement.parts(|kind| ["DROP_CONSTRAINT", "DROP_COLUMN"].contains(&kind));
            let is_name = |kind: &str| ["CONSTRAINT_NAME_REF", "COLUMN_NAME_REF"].contains(&kind);
            let names: Vec<_> =
                dropped.iter().flat_map(|part| part.parts(is_name)).filter_map(|name| name.last_word()).collect();
            let goes = |key: &ForeignKey| names.iter().any(|name| key.goes_with(name));
            of_these.filter(|key| goes(key)).map(|key| &key.refers_to).collect()
        }
        _ => Vec::new(),
    };
    let cascades = statement.kind() == "DROP_TABLE" && statement.says("CASCADE");
    let there = keys.iter().filter(|key| cascades && named.contains(&key.refers_to)).map(|key| &key.table);
    here.into_iter().chain(there).cloned().collect()
}

/// The tables that it names.
fn named(statement: &Statement) -> Vec<String> {
    let kind = statement.kind();
    let Some((_, before)) = KINDS.iter().find(|(known, _)| *known == kind) else { return Vec::new() };
    if statement.says("CONCURRENTLY") || only_validates(statement) {
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
