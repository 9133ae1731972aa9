//! Who may know whom, by the tables of `docs/architecture.md`.

mod arrows;
mod pages;
mod scan;
mod table;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use arrows::Arrows;

static ARROWS: LazyLock<Arrows> = LazyLock::new(arrows::arrows);

/// The top-level module of a file in `src/`.
fn module(file: &str) -> Option<&str> {
    let path = file.strip_prefix("src/")?;
    Some(path.split('/').next().unwrap_or_default().trim_end_matches(".rs"))
}

/// The arrows between modules: from, to, and an example.
fn between_modules() -> impl Iterator<Item = (&'static str, &'static str, String)> {
    ARROWS.between.iter().filter_map(|((from, to), names)| {
        let (here, there) = (module(from)?, module(to)?);
        (here != there).then(|| (here, there, format!("{from} -> {to}: {names:?}")))
    })
}

#[test]
fn each_module_has_a_row_and_each_row_names_only_rows_below_it() {
    let mut below: BTreeSet<String> = ARROWS.files.iter().filter_map(|file| module(file)).map(str::to_owned).collect();
    for room in table::rooms() {
        for name in &room.names {
            assert!(below.remove(name), "{name} is no module, or has two rows");
        }
        for known in room.knows.iter().flatten() {
            assert!(below.contains(known), "{:?} may not know {known}, which does not stand below it", room.names);
        }
    }
    assert!(below.is_empty(), "without a row: {below:?}");
}

#[test]
fn modules_know_only_what_their_rows_allow_and_rows_allow_only_what_is_used() {
    let rooms = table::rooms();
    let mut unused: BTreeSet<(&str, &str)> = BTreeSet::new();
    for room in &rooms {
        let allowed = room.knows.iter().flatten();
        unused.extend(allowed.flat_map(|known| room.names.iter().map(move |name| (&**name, &**known))));
    }
    let mut wrong = Vec::new();
    for (from, to, example) in between_modules() {
        let room = rooms.iter().find(|room| room.names.iter().any(|name| name == from)).expect("a row");
        let allowed = room.knows.as_ref().is_none_or(|knows| knows.iter().any(|known| known == to));
        if !allowed {
            wrong.push(format!("{from} knows {to}: {example}"));
        }
        unused.remove(&(from, to));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(unused.is_empty(), "allowed, and used by nobody: {unused:?}");
}

#[test]
fn no_use_case_knows_another() {
    let is_use_case = |file: &str| file.starts_with("src/use_cases/");
    let wrong: Vec<_> = ARROWS.between.keys().filter(|(from, to)| is_use_case(from) && is_use_case(to)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The rooms of `http/`, with `http/mod.rs` above them and the files beside them below.
#[test]
fn a_room_of_http_knows_only_those_below_it() {
    let level = |file: &str| {
        let path = file.strip_prefix("src/http/")?;
        let rooms = ["middleware/", "endpoints/", "server/"];
        Some(match rooms.iter().position(|room| path.starts_with(room)) {
            Some(place) => place + 1,
            None if path == "mod.rs" => rooms.len() + 1,
            None => 0,
        })
    };
    let upward = |(from, to): &&(String, String)| level(from).zip(level(to)).is_some_and(|(from, to)| to > from);
    let wrong: Vec<_> = ARROWS.between.keys().filter(upward).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(ARROWS.files.iter().filter_map(|file| level(file)).any(|level| level == 3), "the rooms are there");
}

/// The definition of an arrow stands in `arrows.rs`.
#[test]
fn no_files_know_each_other_in_a_circle() {
    let circles: Vec<_> = ARROWS.circles().iter().map(|circle| ARROWS.ties(circle)).collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn libraries_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for library in table::libraries() {
        for name in library.names {
            let mut unused: BTreeSet<&String> = library.places.iter().collect();
            for (file, _) in ARROWS.libraries.iter().filter(|(file, used)| *used == name && module(file).is_some()) {
                let place = library.places.iter().find(|place| match place.ends_with('/') {
                    true => file.contains(&format!("/{place}")),
                    false => file.ends_with(&format!("/{place}")),
                });
                match place {
                    Some(place) => _ = unused.remove(place),
                    None => wrong.push(format!("{file} knows {name}")),
                }
            }
            wrong.extend(unused.into_iter().map(|place| format!("nothing in {place} uses {name}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_are_small() {
    let sources = ARROWS.files.iter().filter(|file| module(file).is_some());
    let is_code = |line: &&str| !line.trim_start().starts_with("//") && !line.trim().is_empty();
    let mut lengths: Vec<_> = sources.map(|file| (arrows::text(file).lines().filter(is_code).count(), file)).collect();
    lengths.sort_unstable();
    let (median, _) = &lengths[lengths.len() / 2];
    let (longest, path) = &lengths[lengths.len() - 1];
    assert!(*longest <= 300, "{path} has {longest} lines");
    assert!(*median <= 120, "the median is {median}");
}
