//! Errors that no user caused. The operator finds the cause and the place in the log, and the client learns neither.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::PASSWORD;
use crate::support::app::SECRET;
use crate::support::database::TestDatabase;
use crate::support::process::Server;

/// A change of the schema, the operation that fails because of it, and what the log then has.
struct Case {
    fault: &'static str,
    query: &'static str,
    code: &'static str,
    error: &'static str,
    /// The folder of the statement that failed.
    below: &'static str,
}

const CASES: [Case; 4] = [
    Case {
        fault: "ALTER TABLE sessions RENAME TO elsewhere",
        query: "query Fails { me { id } }",
        code: "SERVICE_UNAVAILABLE",
        error: "relation \"sessions\" does not exist",
        below: "src/sessions/store/",
    },
    Case {
        fault: "ALTER TABLE audit_events RENAME TO elsewhere",
        query: "query Fails { me { securityEvents { nodes { id } } } }",
        code: "SERVICE_UNAVAILABLE",
        error: "relation \"audit_events\" does not exist",
        below: "src/audit/store/",
    },
    Case {
        // The details of this error are the whole row.
        fault: "ALTER TABLE accounts ADD CONSTRAINT never CHECK (false) NOT VALID",
        query: "mutation Fails($input: RegisterInput!) { register(input: $input) { __typename } }",
        code: "INTERNAL_SERVER_ERROR",
        error: "violates check constraint \"never\"",
        below: "src/sessions/store/",
    },
    Case {
        // Rises in our own code, and not in a library.
        fault: "ALTER TABLE audit_events DROP CONSTRAINT audit_events_kind_known, DISABLE TRIGGER USER; \
            UPDATE audit_events SET kind = 'unheard_of'",
        query: "query Fails { me { securityEvents { nodes { id } } } }",
        code: "INTERNAL_SERVER_ERROR",
        error: "is of an unknown kind",
        below: "src/audit/store/list.rs",
    },
];

/// The source file, and the line in it, that the field `at` of this log line names.
fn source(line: &str) -> (String, String) {
    let at = line.split_once(" at=").map(|(_, rest)| rest.split(' ').next().unwrap_or(rest)).unwrap_or_default();
    let (file, number) = at.split_once(':').unwrap_or_else(|| panic!("no place: {line}"));
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a file of ours");
    let number: usize = number.parse().expect("a number");
    (file.to_owned(), text.lines().nth(number - 1).expect("a line").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_has_the_cause_and_the_place_of_a_fault_and_the_client_neither() {
    for case in CASES {
        let database = TestDatabase::new().await;
        let quiet =
            [("DATABASE_URL", database.url.as_str()), ("PORTCULLIS_SECRET", SECRET), ("PORTCULLIS_LOG", "error")];
        let server = Server::start(&quiet);
        let ada = server.client().register("ada@example.com").await;
        database.operator.batch_execute(case.fault).await.expect("a fault");
        let variables = json!({ "input": { "email": "bob@example.com", "password": PASSWORD } });
        let answer = ada.send(case.query, variables).await;
        let log = server.stop();
        assert_eq!(answer["errors"][0]["extensions"]["code"], case.code, "{answer}");
        for part in [case.error, "src/", ".rs", "relation", "constraint", "unknown"] {
            assert!(!answer.to_string().contains(part), "{part}: {answer}");
        }
        let lines: Vec<_> = log.lines().collect();
        let [line] = lines.as_slice() else { panic!("not one line: {log}") };
        let unquoted = line.replace('\\', "");
        assert!(unquoted.contains(" error=\"") && unquoted.contains(case.error), "{line}");
        let (file, statement) = source(line);
        assert!(file.starts_with(case.below), "{line}");
        assert!(statement.starts_with("    ") && !statement.contains("fn "), "{line}: {statement}");
        for value in ["ada@", "bob@", "example.com", "argon2id", PASSWORD] {
            assert!(!line.contains(value), "{value}: {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_place_stands_in_a_field_of_its_own_in_json() {
    let database = TestDatabase::new().await;
    let server = Server::start(&[
        ("DATABASE_URL", &database.url),
        ("PORTCULLIS_SECRET", SECRET),
        ("PORTCULLIS_LOG", "error"),
        ("PORTCULLIS_LOG_FORMAT", "json"),
    ]);
    let ada = server.client().register("ada@example.com").await;
    database.execute("ALTER TABLE sessions RENAME TO elsewhere").await;
    ada.send("{ me { id } }", Value::Null).await;
    let log = server.stop();
    let line: Value = serde_json::from_str(log.trim()).expect("one line of JSON");
    assert_eq!(line["error"], "relation \"sessions\" does not exist", "{line}");
    assert!(line["at"].as_str().is_some_and(|at| at.starts_with("src/sessions/store/")), "{line}");
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// If a constructor is passed to another function by its name, the error's place is in the standard library.
#[test]
fn no_error_is_made_where_its_place_is_lost() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 100, "{}", files.len());
    for file in files {
        let text = fs::read_to_string(&file).expect("a text");
        for (number, line) in text.lines().enumerate() {
            for name in [
                "(Error::internal)",
                "(Error::unavailable)",
                "(Error::read_only)",
                "(Error::from)",
                "map_err(Into::into)",
            ] {
                assert!(!line.contains(name), "{}:{}: {line}", file.display(), number + 1);
            }
        }
    }
}
