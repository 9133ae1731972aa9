//! Who may know whom: the table of `docs/architecture.md`, held.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module of the crate with those it may name.
const MAY_KNOW: [(&str, &[&str]); 19] = [
    (
        "http",
        &[
            "graphql",
            "use_cases",
            "app",
            "ids",
            "client",
            "limits",
            "sessions",
            "revocations",
            "tokens",
            "clock",
            "error",
            "telemetry",
        ],
    ),
    (
        "graphql",
        &[
            "use_cases",
            "app",
            "ids",
            "client",
            "accounts",
            "audit",
            "sessions",
            "tokens",
            "passwords",
            "config",
            "clock",
            "error",
            "telemetry",
        ],
    ),
    ("background", &["use_cases", "app", "clock", "error", "telemetry"]),
    (
        "use_cases",
        &[
            "app",
            "ids",
            "client",
            "audit",
            "limits",
            "accounts",
            "sessions",
            "revocations",
            "tokens",
            "passwords",
            "clock",
            "error",
            "telemetry",
        ],
    ),
    (
        "app",
        &[
            "ids",
            "client",
            "audit",
            "limits",
            "accounts",
            "sessions",
            "tokens",
            "passwords",
            "db",
            "clock",
            "config",
            "error",
        ],
    ),
    ("tokens", &["accounts", "sessions", "ids", "db", "clock", "config", "error"]),
    ("revocations", &["ids", "db", "clock", "error"]),
    ("sessions", &["ids", "client", "audit", "limits", "accounts", "passwords", "db", "clock", "error"]),
    ("accounts", &["ids", "limits", "passwords", "db", "clock", "error"]),
    ("audit", &["ids", "client", "limits", "db", "clock", "error"]),
    ("limits", &["client", "config", "db", "clock", "error"]),
    ("passwords", &["clock", "config", "error"]),
    ("telemetry", &["ids", "config"]),
    ("config", &["db"]),
    ("db", &["clock", "error"]),
    ("ids", &[]),
    ("client", &[]),
    ("clock", &[]),
    ("error", &[]),
];

/// Each library with the places that may name it: a folder or a file.
const ONLY_IN: [(&str, &[&str]); 12] = [
    ("diesel", &["db/", "/store.rs", "/store/"]),
    ("diesel_async", &["db/", "/store.rs", "/store/"]),
    ("tokio_postgres", &["db/"]),
    ("async_graphql", &["graphql/", "http/endpoints/graphql.rs"]),
    ("async_graphql_value", &["graphql/"]),
    ("async_graphql_poem", &["http/endpoints/graphql.rs"]),
    ("poem", &["http/"]),
    ("hyper", &["http/server/connection.rs"]),
    ("hyper_util", &["http/server/connection.rs", "http/server/mod.rs"]),
    ("argon2", &["passwords/"]),
    ("jsonwebtoken", &["tokens/"]),
    ("cookie", &["http/"]),
];

struct Source {
    /// Below `src/`.
    path: String,
    /// Without comments.
    code: String,
}

impl Source {
    /// The top-level module.
    fn module(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// Whether the code has a path that begins with `start`.
    fn names(&self, start: &str) -> bool {
        let mut rest = self.code.as_str();
        while let Some(place) = rest.find(start) {
            let before = rest[..place].chars().next_back();
            if !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                return true;
            }
            rest = &rest[place + start.len()..];
        }
        false
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(&file).expect("a source file");
            let code =
                text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
            let path = file.strip_prefix(&root).expect("below src").to_string_lossy().into_owned();
            Source { path, code }
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            collect(&entry, files);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
}

#[test]
fn modules_know_only_those_below_them() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for source in sources() {
        let Some((_, allowed)) = MAY_KNOW.iter().find(|(module, _)| *module == source.module()) else {
            assert!(
                ["lib", "main", "serve", "commands"].contains(&source.module()),
                "a module without a place: {}",
                source.path
            );
            continue;
        };
        seen.insert(source.module().to_owned());
        for (other, _) in MAY_KNOW {
            if other != source.module() && source.names(&format!("crate::{other}")) && !allowed.contains(&other) {
                wrong.push(format!("{} knows {other}", source.path));
            }
        }
        assert!(!source.code.contains("crate::{"), "{}: name each module by a path of its own", source.path);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(seen.len(), MAY_KNOW.len());
}

#[test]
fn no_use_case_knows_another() {
    for source in sources().iter().filter(|source| source.module() == "use_cases" && source.path != "use_cases/mod.rs")
    {
        assert!(!source.names("crate::use_cases") && !source.names("super::"), "{}", source.path);
    }
}

#[test]
fn libraries_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (library, places) in ONLY_IN {
            let allowed = places.iter().any(|place| {
                source.path.starts_with(place)
                    || source.path.ends_with(place)
                    || place.starts_with('/') && source.path.contains(place)
            });
            if source.names(&format!("{library}::")) && !allowed {
                wrong.push(format!("{} knows {library}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_are_small() {
    let mut lengths: Vec<_> = sources().into_iter().map(|source| (source.code.lines().count(), source.path)).collect();
    lengths.sort_unstable();
    let (median, _) = &lengths[lengths.len() / 2];
    let (longest, path) = &lengths[lengths.len() - 1];
    assert!(*longest <= 500, "{path} has {longest} lines");
    assert!(*median <= 120, "the median is {median}");
}
