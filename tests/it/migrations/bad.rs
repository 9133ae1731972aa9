//! Small migrations that break a rule, and such that break none.

use super::Migration;

/// A migration of this name and text.
pub(super) fn migration(name: &str, up: &str) -> Migration {
    let down = (!up.starts_with("-- no way back")).then(|| "SELECT 1".to_owned());
    Migration { name: name.to_owned(), up: up.to_owned(), down, in_transaction: !name.contains("_idx") }
}

const EXPANDS: &str = "2030-01-01-000001_more";
const CONTRACTS: &str = "2030-01-01-000001_less_contract";
const INDEX: &str = "2030-01-01-000001_sessions_seen_idx";

/// Which rule, the name of the migration, and its text.
pub(super) fn bad() -> Vec<(&'static str, &'static str, &'static str)> {
    let mut bad = vec![
        ("parses", EXPANDS, "ALTER TABEL accounts ADD COLUMN a text;"),
        ("has-a-way-back", EXPANDS, "-- no way back\nALTER TABLE accounts ADD COLUMN a text;"),
        // Tables that are there are written anew, or looked through under a lock.
        ("adding-field-with-default", EXPANDS, "ALTER TABLE accounts ADD COLUMN a uuid DEFAULT gen_random_uuid();"),
        ("changing-column-type", EXPANDS, "ALTER TABLE accounts ALTER COLUMN email TYPE varchar(300);"),
        ("rewrites-no-table", EXPANDS, "ALTER TABLE limits SET LOGGED;"),
        ("rewrites-no-table", EXPANDS, "CLUSTER accounts USING accounts_pkey;"),
        ("rewrites-no-table", EXPANDS, "VACUUM FULL accounts;"),
        ("locks-no-table", EXPANDS, "LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE;"),
        ("changes-no-whole-table", EXPANDS, "UPDATE accounts SET username = NULL;"),
        (
            "changes-no-whole-table",
            EXPANDS,
            "WITH gone AS (DELETE FROM limits RETURNING key) SELECT FROM gone WHERE true;",
        ),
        ("changes-no-whole-table", CONTRACTS, "DELETE FROM audit_events;"),
        ("changes-no-whole-table", EXPANDS, "TRUNCATE limits;"),
        ("ban-truncate-cascade", EXPANDS, "TRUNCATE accounts CASCADE;"),
        ("hides-nothing-in-a-block", EXPANDS, "DO $$ BEGIN UPDATE accounts SET username = NULL; END $$;"),
        // The release before does not fill a new column.
        ("adding-required-field", EXPANDS, "ALTER TABLE accounts ADD COLUMN a text NOT NULL;"),
        ("adding-not-nullable-field", EXPANDS, "ALTER TABLE accounts ALTER COLUMN username SET NOT NULL;"),
        // Constraints.
        ("constraint-missing-not-valid", EXPANDS, "ALTER TABLE accounts ADD CONSTRAINT a CHECK (email <> '');"),
        (
            "constraint-missing-not-valid",
            EXPANDS,
            "ALTER TABLE accounts ADD CONSTRAINT a CHECK (email <> '') NOT VALID; ALTER TABLE accounts VALIDATE CONSTRAINT a;",
        ),
        ("validates-after-a-commit", EXPANDS, "ALTER TABLE accounts VALIDATE CONSTRAINT a;"),
        (
            "adding-foreign-key-constraint",
            EXPANDS,
            "ALTER TABLE flows ADD CONSTRAINT a FOREIGN KEY (id) REFERENCES accounts (id);",
        ),
        ("adding-foreign-key-constraint", EXPANDS, "ALTER TABLE flows ADD COLUMN a uuid REFERENCES accounts (id);"),
        ("adding-serial-primary-key-field", EXPANDS, "ALTER TABLE limits ADD PRIMARY KEY (key);"),
        ("disallowed-unique-constraint", EXPANDS, "ALTER TABLE flows ADD CONSTRAINT a UNIQUE (email);"),
        // Indexes.
        ("require-concurrent-index-creation", EXPANDS, "CREATE INDEX a ON sessions (created_at);"),
        ("require-concurrent-index-deletion", CONTRACTS, "DROP INDEX sessions_living_idx;"),
        ("require-concurrent-reindex", EXPANDS, "REINDEX TABLE sessions;"),
        (
            "ban-concurrent-index-creation-in-transaction",
            EXPANDS,
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON sessions (created_at); SELECT 1;",
        ),
        ("concurrently-is-alone", EXPANDS, "CREATE INDEX CONCURRENTLY IF NOT EXISTS more ON sessions (created_at);"),
        (
            "concurrently-is-alone",
            INDEX,
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS sessions_seen_idx ON sessions (id); SELECT 1;",
        ),
        ("concurrently-is-alone", INDEX, "ALTER TABLE accounts ADD COLUMN a text;"),
        ("concurrently-can-be-repeated", INDEX, "CREATE INDEX CONCURRENTLY sessions_seen_idx ON sessions (id);"),
        ("concurrently-can-be-repeated", INDEX, "CREATE INDEX CONCURRENTLY IF NOT EXISTS another ON sessions (id);"),
        // Requests that have a lock of one wait for one of the other.
        ("locks-one-table", EXPANDS, "ALTER TABLE accounts ADD COLUMN a text; ALTER TABLE sessions ADD COLUMN a text;"),
        (
            "locks-one-table",
            EXPANDS,
            "CREATE TABLE a (b uuid REFERENCES accounts (id)); CREATE TRIGGER c AFTER UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION d();",
        ),
        (
            "locks-one-table",
            EXPANDS,
            "ALTER TABLE IF EXISTS accounts ADD COLUMN a text; ALTER TABLE ONLY \"mails\" ADD COLUMN a text;",
        ),
        (
            "locks-one-table",
            EXPANDS,
            "ALTER TABLE public.accounts ADD COLUMN a text; ALTER TABLE flows ADD COLUMN a text;",
        ),
        ("locks-one-table", CONTRACTS, "DROP TABLE IF EXISTS public.flows, mails;"),
        ("locks-one-table", EXPANDS, "LOCK TABLE accounts, sessions IN SHARE MODE;"),
        // The table at the other end of a foreign key is locked when the key goes.
        ("locks-one-table", CONTRACTS, "DROP TABLE totps;"),
        ("locks-one-table", CONTRACTS, "DROP TABLE accounts CASCADE;"),
        ("locks-one-table", CONTRACTS, "ALTER TABLE sessions DROP CONSTRAINT sessions_account_id_fkey;"),
        ("locks-one-table", CONTRACTS, "ALTER TABLE passwords DROP CONSTRAINT IF EXISTS passwords_account_id_fkey;"),
        ("locks-one-table", CONTRACTS, "ALTER TABLE public.totps DROP CONSTRAINT totps_account_id_fkey;"),
        ("locks-one-table", CONTRACTS, "ALTER TABLE mails DROP COLUMN account_id;"),
        // Whoever waits for a lock waits for all that comes after it.
        (
            "long-work-comes-first",
            EXPANDS,
            "ALTER TABLE accounts ADD COLUMN a text; UPDATE accounts SET a = 'x' WHERE disabled_at IS NULL;",
        ),
        (
            "long-work-comes-first",
            EXPANDS,
            "ALTER TABLE accounts ADD COLUMN a text; UPDATE ONLY public.accounts SET a = 'x' WHERE disabled_at IS NULL;",
        ),
        (
            "long-work-comes-first",
            EXPANDS,
            "CREATE TABLE a (b uuid REFERENCES accounts (id)); DELETE FROM limits WHERE full_at < now();",
        ),
        (
            "long-work-comes-first",
            EXPANDS,
            "CREATE TABLE a (id uuid); ALTER TABLE accounts ADD COLUMN b text; INSERT INTO a SELECT id FROM public.accounts;",
        ),
        (
            "long-work-comes-first",
            EXPANDS,
            "ALTER TABLE accounts ADD COLUMN b text; INSERT INTO audit_events (id) SELECT gen_random_uuid() FROM generate_series(1, 9);",
        ),
        (
            "long-work-comes-first",
            EXPANDS,
            "CREATE TABLE a (id uuid); ALTER TABLE accounts ADD COLUMN b text; DELETE FROM a USING accounts c WHERE a.id = c.id;",
        ),
        (
            "long-work-comes-first",
            EXPANDS,
            "ALTER TABLE accounts ADD COLUMN a text; WITH b AS (UPDATE accounts SET a = 'x' WHERE true RETURNING id) SELECT FROM b;",
        ),
        (
            "long-work-comes-first",
            EXPANDS,
            "ALTER TABLE accounts ADD COLUMN a text; CREATE TABLE b AS SELECT id FROM accounts;",
        ),
        (
            "long-work-comes-first",
            EXPANDS,
            "CREATE TABLE a (); ALTER TABLE accounts ADD COLUMN b text; MERGE INTO accounts USING a ON true WHEN MATCHED THEN DO NOTHING;",
        ),
        (
            "long-work-comes-first",
            EXPANDS,
            "CREATE TRIGGER a AFTER UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION b(); UPDATE accounts SET username = username WHERE true;",
        ),
        (
            "long-work-comes-first",
            CONTRACTS,
            "ALTER TABLE accounts DROP COLUMN a; ALTER TABLE ONLY accounts VALIDATE CONSTRAINT b;",
        ),
        ("long-work-comes-first", CONTRACTS, "ALTER TABLE accounts DROP COLUMN a, VALIDATE CONSTRAINT b;"),
        (
            "long-work-comes-first",
            CONTRACTS,
            "DROP TABLE limits; DELETE FROM used_challenges WHERE expires_at < now();",
        ),
        // A transaction of its own, types, names.
        ("transaction-nesting", EXPANDS, "BEGIN; ALTER TABLE accounts ADD COLUMN a text; COMMIT;"),
        ("ban-char-field", EXPANDS, "CREATE TABLE a (b char(8) NOT NULL);"),
        ("prefer-timestamp-tz", EXPANDS, "CREATE TABLE a (b timestamp NOT NULL);"),
        (
            "identifier-too-long",
            EXPANDS,
            "CREATE TABLE a (b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b_b text);",
        ),
        ("ban-drop-database", CONTRACTS, "DROP DATABASE portcullis;"),
    ];
    bad.extend(TAKES_AWAY.iter().map(|(rule, up)| (*rule, EXPANDS, *up)));
    bad
}

/// What instances of the release before may need.
const TAKES_AWAY: [(&str, &str); 19] = [
    ("ban-drop-column", "ALTER TABLE accounts DROP COLUMN username;"),
    ("renaming-column", "ALTER TABLE accounts RENAME COLUMN username TO name;"),
    ("renaming-table", "ALTER TABLE accounts RENAME TO users;"),
    ("renaming-object", "ALTER TABLE accounts RENAME CONSTRAINT accounts_pkey TO a;"),
    ("renaming-object", "ALTER INDEX accounts_pkey RENAME TO a;"),
    ("ban-drop-not-null", "ALTER TABLE audit_events ALTER COLUMN account_id DROP NOT NULL;"),
    ("ban-drop-default", "ALTER TABLE sessions ALTER COLUMN generation DROP DEFAULT;"),
    ("ban-set-default", "ALTER TABLE sessions ALTER COLUMN generation SET DEFAULT 7;"),
    ("ban-drop-constraint", "ALTER TABLE accounts DROP CONSTRAINT accounts_email_length;"),
    ("ban-drop-table", "DROP TABLE accounts;"),
    ("ban-drop-function", "DROP FUNCTION portcullis_take;"),
    ("ban-drop-trigger", "DROP TRIGGER sessions_changed ON sessions;"),
    ("ban-disable-trigger", "ALTER TABLE sessions DISABLE TRIGGER sessions_changed;"),
    ("ban-drop-index", "DROP INDEX CONCURRENTLY IF EXISTS sessions_living_idx;"),
    ("ban-drop-view", "DROP VIEW a;"),
    ("ban-drop-type", "DROP TYPE a;"),
    ("ban-drop-sequence", "DROP SEQUENCE a;"),
    ("ban-drop-schema", "DROP SCHEMA a;"),
    ("ban-set-schema", "ALTER TABLE accounts SET SCHEMA a;"),
];

/// The name of the migration, and its text.
pub(super) fn good() -> Vec<(&'static str, &'static str)> {
    vec![
        (EXPANDS, "ALTER TABLE accounts ADD COLUMN a text, ADD COLUMN b bigint NOT NULL DEFAULT 0;"),
        (
            EXPANDS,
            "CREATE TABLE a (id uuid PRIMARY KEY, b uuid NOT NULL REFERENCES accounts (id)); CREATE INDEX c ON a (b);",
        ),
        (
            EXPANDS,
            "CREATE TABLE a (id uuid); INSERT INTO a SELECT id FROM accounts; UPDATE a SET id = id; DELETE FROM a;",
        ),
        (
            EXPANDS,
            "ALTER TABLE accounts ADD COLUMN a text; ALTER TABLE IF EXISTS public.\"accounts\" ADD COLUMN b text;",
        ),
        (
            EXPANDS,
            "UPDATE accounts SET username = NULL WHERE disabled_at IS NOT NULL; ALTER TABLE accounts ADD COLUMN a text;",
        ),
        (
            EXPANDS,
            "CREATE TABLE a (id uuid); INSERT INTO a SELECT id FROM accounts; ALTER TABLE accounts ADD COLUMN b text; \
             WITH c AS (SELECT id FROM a) DELETE FROM a USING c WHERE a.id = c.id; INSERT INTO clean_up VALUES ('d', now(), 'e');",
        ),
        (CONTRACTS, "ALTER TABLE mails VALIDATE CONSTRAINT a; ALTER TABLE flows VALIDATE CONSTRAINT b;"),
        (CONTRACTS, "ALTER TABLE sessions DROP CONSTRAINT sessions_refresh_counter_positive;"),
        (EXPANDS, "UPDATE accounts SET username = NULL WHERE disabled_at IS NOT NULL;"),
        (EXPANDS, "ALTER TABLE accounts ADD CONSTRAINT a CHECK (email <> '') NOT VALID;"),
        (
            EXPANDS,
            "ALTER TABLE audit_events DROP CONSTRAINT kinds, ADD CONSTRAINT kinds CHECK (kind IN ('a', 'b')) NOT VALID;",
        ),
        (EXPANDS, "CREATE OR REPLACE FUNCTION a() RETURNS void LANGUAGE sql AS $$ SELECT 1 $$;"),
        (INDEX, "CREATE INDEX CONCURRENTLY IF NOT EXISTS sessions_seen_idx ON sessions (last_used_at);"),
        (INDEX, "ALTER TABLE accounts VALIDATE CONSTRAINT a;"),
        (
            CONTRACTS,
            "ALTER TABLE accounts VALIDATE CONSTRAINT a; ALTER TABLE accounts ALTER COLUMN username SET NOT NULL;",
        ),
        (CONTRACTS, "ALTER TABLE sessions DROP COLUMN a; DROP TRIGGER sessions_open ON sessions; DROP FUNCTION b;"),
        ("2030-01-01-000001_sessions_seen_idx_contract", "DROP INDEX CONCURRENTLY IF EXISTS sessions_seen_idx;"),
    ]
}
