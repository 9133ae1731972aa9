//! The statements that are whole texts: what they declare is what PostgreSQL makes of them.

use std::fs;
use std::path::{Path, PathBuf};

use portcullis::db::{Declared, Value};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::support::TestApp;

/// Prepares each statement as psql would: from its text alone. Prints them all, for reading.
#[tokio::test(flavor = "multi_thread")]
async fn each_statement_has_the_types_and_names_that_it_declares() {
    let app = TestApp::start().await;
    let mut faults = Vec::new();
    for declared in Declared::all() {
        println!("{}", printed(declared));
        faults.extend(
            differences(&app.database.operator, declared)
                .await
                .into_iter()
                .map(|it| format!("{}: {it}", declared.name)),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What PostgreSQL says otherwise.
async fn differences(client: &Client, declared: &Declared) -> Vec<String> {
    let prepared = match client.prepare(declared.text).await {
        Ok(prepared) => prepared,
        Err(error) => return vec![format!("it is not prepared: {:?}", error.as_db_error())],
    };
    let mut faults = Vec::new();
    let (parameters, columns) = (declared.parameters(), declared.columns());
    // A function without a value is called in the place of a column.
    let found: Vec<_> = prepared.columns().iter().filter(|column| *column.type_() != Type::VOID).collect();
    if (parameters.len(), columns.len()) != (prepared.params().len(), found.len()) {
        let (binds, gives) = (prepared.params().len(), found.len());
        return vec![format!(
            "it has {binds} parameters and {gives} columns, not {} and {}",
            parameters.len(),
            columns.len()
        )];
    }
    for (place, (parameter, kind)) in parameters.iter().zip(prepared.params()).enumerate() {
        let name = parameter.name;
        if parameter.oid != kind.oid() {
            faults.push(format!("${} is {kind}, and {name} is {}", place + 1, type_name(parameter)));
        }
        if let Some(alias) = alias(declared.text, place + 1).filter(|alias| *alias != name) {
            faults.push(format!("${} is called {alias}, and bound is {name}", place + 1));
        }
    }
    for (column, found) in columns.iter().zip(found) {
        let name = column.name;
        if column.oid != found.type_().oid() {
            faults.push(format!(
                "the column {} is {}, and {name} is {}",
                found.name(),
                found.type_(),
                type_name(column)
            ));
        }
        if !name.is_empty() && name != found.name() {
            faults.push(format!("the column {} is read as {name}", found.name()));
        }
        if !column.nullable && may_be_null(client, found).await {
            faults.push(format!("the column {} may be null", found.name()));
        }
    }
    faults
}

/// Whether it is a table's column that may be null. What a statement makes itself nobody knows.
async fn may_be_null(client: &Client, column: &tokio_postgres::Column) -> bool {
    let (Some(table), Some(number)) = (column.table_oid(), column.column_id()) else { return false };
    let query = "SELECT NOT attnotnull FROM pg_attribute WHERE attrelid = $1 AND attnum = $2";
    client.query_one(query, &[&table, &number]).await.expect("a column").get(0)
}

/// What the text calls a parameter: `$1::uuid AS account`.
fn alias(text: &str, number: usize) -> Option<&str> {
    text.match_indices(&format!("${number}::")).find_map(|(place, found)| {
        let mut words = text[place + found.len()..].split(|c: char| !c.is_alphanumeric() && !"_[]".contains(c));
        let named = words.next().is_some() && words.next() == Some("AS");
        words.next().filter(|_| named)
    })
}

fn type_name(value: &Value) -> String {
    Type::from_oid(value.oid).map_or_else(|| "of no type of PostgreSQL's".to_owned(), |kind| kind.to_string())
}

/// As it can be pasted into psql.
fn printed(declared: &Declared) -> String {
    let list = |values: Vec<Value>| {
        let described = values.iter().map(|value| format!("{} {}", value.name, type_name(value)));
        described.collect::<Vec<_>>().join(", ")
    };
    let (parameters, columns) = (list(declared.parameters()), list(declared.columns()));
    format!("-- {}({parameters}) -> ({columns})\n{};\n", declared.name, declared.text.trim_end())
}

#[test]
fn each_text_in_the_source_is_declared_and_ends_its_line() {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "sql", &mut files);
    files.retain(|file| in_store(file));
    let declared = Declared::all();
    for file in &files {
        let text = fs::read_to_string(file).expect("a text");
        assert_eq!(
            declared.iter().filter(|one| one.text == text).count(),
            1,
            "statements with the text of {}",
            file.display()
        );
        assert!(text.ends_with('\n') && !text.contains(';'), "{} can't be sent as it is", file.display());
    }
    assert_eq!(files.len(), declared.len(), "texts and statements");
}

/// One that is written in pieces can't be read, nor pasted into psql, nor prepared by the test above.
#[test]
fn no_statement_is_written_in_pieces() {
    let mut files = Vec::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    collect(&src, "rs", &mut files);
    for file in files.iter().filter(|file| !file.starts_with(src.join("db"))) {
        let text = fs::read_to_string(file).expect("a source file");
        for piece in ["AstPass", "push_sql(", "push_bind_param", "sql_query("] {
            assert!(!text.contains(piece), "{} writes SQL with {piece}", file.display());
        }
    }
}

fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, extension, files);
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
}

/// Whether a store has it. What is done as a superuser while a database is made is no statement of the server's.
fn in_store(path: &Path) -> bool {
    path.parent().is_some_and(|folder| folder.ends_with("store"))
}
