//! An instance of the release before: what it sends, on a connection of its own.

use tokio_postgres::{Client, SimpleQueryMessage};
use uuid::Uuid;

use super::before;
use crate::support::TestApp;

/// An attempt that takes from no bucket.
const FREE: &str = "'{}', '{}', '{}', '{}', '2026-01-01', false";
/// The event of something: when, kind, and whose request.
const EVENT: &str = "'2026-01-01', '2026-01-01', 'logged_in', 'before', '127.0.0.1', 'of before'";
const NOW: &str = "'2026-01-01'";
const UNTIL: &str = "'2026-02-01'";
const LONG_AGO: &str = "'2025-12-01'";

pub(crate) struct Instance(Client);

/// An account, as a login finds it.
#[derive(Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) account: Uuid,
    pub(crate) hash: String,
    pub(crate) password_of: String,
}

impl Instance {
    pub(crate) async fn of(app: &TestApp) -> Self {
        let client = app.database.another().await;
        for statement in [
            before::FIND,
            before::FIND_HASH,
            before::OPEN,
            before::REGISTER,
            before::CREATE,
            before::REFRESH,
            before::CHANGE_PASSWORD,
            before::DELETE_OWN,
            before::DELETE,
        ] {
            client.batch_execute(statement).await.expect(statement);
        }
        Self(client)
    }

    /// What a statement gives, as text.
    pub(crate) async fn rows(&self, statement: &str) -> Vec<Vec<Option<String>>> {
        let messages = self.0.simple_query(statement).await.expect(statement);
        let row = |message: SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()),
            _ => None,
        };
        messages.into_iter().filter_map(row).collect()
    }

    /// Looks an account up for a login.
    pub(crate) async fn find(&self, email: &str) -> Option<Found> {
        let row = self.rows(&format!("EXECUTE old_find({FREE}, '{email}', NULL)")).await.remove(0);
        let text = |at: usize| row[at].clone().expect("a value that is never null");
        row[5].is_some().then(|| Found { account: id(&row[5]), hash: text(12), password_of: text(13) })
    }

    /// The hash that a change of the password compares with.
    pub(crate) async fn find_hash(&self, account: Uuid) -> Option<String> {
        self.rows(&format!("EXECUTE old_find_hash({FREE}, '{account}')")).await.remove(0).remove(5)
    }

    /// Opens a session, if the hash is the account's, and puts a stronger one in its place if there is one.
    pub(crate) async fn open(&self, account: Uuid, hash: &str, stronger: Option<&str>) -> Option<Uuid> {
        let session = Uuid::new_v4();
        let stronger = stronger.map_or("NULL, false".to_owned(), |stronger| format!("'{stronger}', true"));
        let statement = format!(
            "EXECUTE old_open('{account}', '{hash}', {stronger}, '{session}', {NOW}, {NOW}, {UNTIL}, 'before', NULL, \
             1000, {NOW}, {LONG_AGO}, {EVENT}, {EVENT})"
        );
        (!self.rows(&statement).await.is_empty()).then_some(session)
    }

    pub(crate) async fn register(&self, email: &str, hash: &str) -> (Uuid, Uuid) {
        let (account, session) = (Uuid::new_v4(), Uuid::new_v4());
        self.rows(&format!(
            "EXECUTE old_register('{account}', '{email}', NULL, '{hash}', {NOW}, '{session}', {NOW}, {NOW}, {UNTIL}, \
             'before', NULL, {EVENT})"
        ))
        .await;
        (account, session)
    }

    pub(crate) async fn create(&self, email: &str, hash: &str) -> Uuid {
        let account = Uuid::new_v4();
        self.rows(&format!("EXECUTE old_create('{account}', '{email}', NULL, '{hash}', {NOW}, {EVENT})")).await;
        account
    }

    /// Returns whether the session went on.
    pub(crate) async fn refresh(&self, session: Uuid, counter: i64) -> bool {
        let statement = format!("EXECUTE old_refresh('{session}', {counter}, {NOW}, {LONG_AGO}, {FREE}, {EVENT})");
        self.rows(&statement).await.first().is_some_and(|row| row[17].as_deref() == Some("t"))
    }

    /// Returns whether the hash was the account's, and whether it was replaced.
    pub(crate) async fn change_password(&self, account: Uuid, by: Uuid, old: &str, new: &str) -> (bool, bool) {
        let row = self
            .rows(&format!(
                "EXECUTE old_change_password('{account}', '{by}', {NOW}, '{old}', '{new}', 'password_changed', 'before', \
                 NULL, NULL)"
            ))
            .await
            .remove(0);
        (row[0].as_deref() == Some("t"), row[1].is_some())
    }

    pub(crate) async fn delete_own(&self, account: Uuid, by: Uuid, hash: &str, is_kept: bool) -> bool {
        let row = self
            .rows(&format!(
                "EXECUTE old_delete_own('{account}', '{by}', {NOW}, '{hash}', {is_kept}, 'account_deleted', 'before', NULL, \
                 NULL)"
            ))
            .await
            .remove(0);
        row[1].as_deref() == Some("t")
    }

    pub(crate) async fn delete(&self, account: Uuid, kept_seconds: u32) {
        self.rows(&format!("EXECUTE old_delete('{account}', NULL, NULL, {NOW}, {kept_seconds}, 'account_deleted')"))
            .await;
    }
}

fn id(text: &Option<String>) -> Uuid {
    text.as_deref().expect("an id").parse().expect("an id")
}
