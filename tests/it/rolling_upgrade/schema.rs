//! The schema as it is on the way from one release to the next.

use std::fs;
use std::path::{Path, PathBuf};

use portcullis::db::Target;
use portcullis::db::migrations::{self, Extent, Migrated};

use crate::support::TestApp;
use crate::support::app::LOCKS;

/// The first migration that the release before does not know.
const FIRST: &str = "2026-11-28-000050";

/// Those from the first on, in their order.
fn since_then() -> Vec<PathBuf> {
    let all = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")).expect("a directory");
    let paths = all.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir());
    let mut since: Vec<_> = paths.filter(|path| name(path).as_str() >= FIRST).collect();
    since.sort();
    since
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

pub(super) fn text(migration: &str, file: &str) -> String {
    let path = since_then().into_iter().find(|path| name(path).contains(migration)).expect("a migration");
    fs::read_to_string(path.join(file)).expect("a text")
}

/// The migrations that come after this one.
pub(super) fn texts_after(migration: &str) -> Vec<String> {
    let later = since_then().into_iter().skip_while(|path| !name(path).contains(migration)).skip(1);
    later.map(|path| fs::read_to_string(path.join("up.sql")).expect("a text")).collect()
}

/// How many contract.
pub(super) fn contracting() -> usize {
    since_then().iter().filter(|path| name(path).ends_with("_contract")).count()
}

/// Takes the schema back to that of the release before.
pub(super) async fn of_the_release_before(app: &TestApp) {
    let operator = &app.database.operator;
    for path in since_then().into_iter().rev() {
        let down = fs::read_to_string(path.join("down.sql")).expect("a text");
        operator.batch_execute(&format!("BEGIN; {down} COMMIT;")).await.expect("a way back");
    }
    let forget = format!("DELETE FROM __diesel_schema_migrations WHERE version >= '{}'", FIRST.replace('-', ""));
    app.database.execute(&forget).await;
}

pub(super) async fn migrate(app: &TestApp, extent: Extent) -> Migrated {
    let target: Target = app.database.url.parse().expect("a URL of the tests");
    migrations::run(&target, extent, LOCKS).await.expect("migrations")
}

/// As after the first start of this release, beside the release before.
pub(super) async fn expanded(app: &TestApp) {
    of_the_release_before(app).await;
    let migrated = migrate(app, Extent::Expanding).await;
    assert_eq!(migrated.applied.len(), since_then().len() - contracting(), "{migrated:?}");
    assert_eq!(migrated.left.len(), contracting(), "{migrated:?}");
}
