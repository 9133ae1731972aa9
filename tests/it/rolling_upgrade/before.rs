//! What the release before sends, as prepared statements: the texts are its own, and so are the types that it binds.

/// A login looks the account up.
pub(crate) const FIND: &str = r#"
PREPARE old_find (integer[], bytea[], float8[], float8[], timestamptz, boolean, text, text) AS
SELECT wait, refused, taken, contended, taken_in, id, email, username, roles, created_at, disabled_at, session_generation,
password_hash, coalesce(password_changed_at, created_at) FROM portcullis_take($1, $2, $3, $4, $5, $6) LEFT JOIN accounts ON
lower(email COLLATE "C") = $7 OR lower(username COLLATE "C") = $8"#;

/// A change of the password looks the hash up.
pub(crate) const FIND_HASH: &str = r#"
PREPARE old_find_hash (integer[], bytea[], float8[], float8[], timestamptz, boolean, uuid) AS
SELECT wait, refused, taken, contended, taken_in, password_hash FROM portcullis_take($1, $2, $3, $4, $5, $6) LEFT JOIN accounts ON
disabled_at IS NULL AND id = $7"#;

/// A login opens its session, and replaces a weak hash.
pub(crate) const OPEN: &str = r#"
PREPARE old_open (uuid, text, text, boolean, uuid, timestamptz, timestamptz, timestamptz, text, inet, bigint, timestamptz, timestamptz, timestamptz,
timestamptz, text, text, inet, text, timestamptz, timestamptz, text, text, inet, text) AS
WITH account AS (SELECT id, session_generation FROM accounts WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL FOR NO
KEY UPDATE), upgraded AS (UPDATE accounts SET password_hash = $3 FROM account WHERE accounts.id = account.id AND $4), session AS
(INSERT INTO sessions (id, account_id, generation, created_at, last_used_at, expires_at, user_agent, ip_address) SELECT $5, id,
session_generation, $6, $7, $8, $9, $10 FROM account RETURNING account_id, id, generation) , room AS MATERIALIZED (SELECT ended.*
FROM session, LATERAL portcullis_make_room(session.account_id, session.generation, session.id, $11, $12, $13) ended), made_room AS
(INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id) SELECT
portcullis_event_id($14), $15, $16, $17, $18, $19, account_id, id FROM room), recorded AS (INSERT INTO audit_events (id,
occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id) SELECT portcullis_event_id($20), $21, $22, $23,
$24, $25, account_id, id FROM session) SELECT generation, ARRAY(SELECT id FROM room) FROM session"#;

/// A registration.
pub(crate) const REGISTER: &str = r#"
PREPARE old_register (uuid, text, text, text, timestamptz, uuid, timestamptz, timestamptz, timestamptz, text, inet, timestamptz, timestamptz, text,
text, inet, text) AS
WITH account AS (INSERT INTO accounts (id, email, username, password_hash, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id,
session_generation), session AS (INSERT INTO sessions (id, account_id, generation, created_at, last_used_at, expires_at,
user_agent, ip_address) SELECT $6, id, session_generation, $7, $8, $9, $10, $11 FROM account RETURNING account_id, id, generation)
INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id) SELECT
portcullis_event_id($12), $13, $14, $15, $16, $17, account_id, id FROM session"#;

/// `portcullis accounts create`.
pub(crate) const CREATE: &str = r#"
PREPARE old_create (uuid, text, text, text, timestamptz, timestamptz, timestamptz, text, text, inet, text) AS
WITH account AS (INSERT INTO accounts (id, email, username, password_hash, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id,
session_generation) INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
SELECT portcullis_event_id($6), $7, $8, $9, $10, $11, id, NULL::uuid FROM account"#;

/// A refresh.
pub(crate) const REFRESH: &str = r#"
PREPARE old_refresh (uuid, bigint, timestamptz, timestamptz, integer[], bytea[], float8[], float8[], timestamptz, boolean, timestamptz, timestamptz,
text, text, inet, text) AS
WITH given AS (SELECT $1 AS id, $2 AS counter, $3 AS now, $4 AS unused_since), taken AS MATERIALIZED (SELECT * FROM
portcullis_take($5, $6, $7, $8, $9, $10)), found AS (SELECT s.*, a.id AS owner, a.email, a.username, a.roles, a.created_at AS
registered_at, a.disabled_at, a.session_generation FROM given JOIN sessions s USING (id) JOIN accounts a ON a.id = s.account_id),
changed AS (UPDATE sessions s SET refresh_counter = greatest(s.refresh_counter, given.counter + 1), last_used_at = CASE WHEN
given.counter < s.refresh_counter - 1 THEN s.last_used_at ELSE greatest(s.last_used_at, given.now) END, revoked_at = CASE WHEN
given.counter < s.refresh_counter - 1 THEN given.now END FROM given, found, taken WHERE (taken.wait IS NULL OR given.counter <
s.refresh_counter - 1) AND s.id = given.id AND found.id = given.id AND found.disabled_at IS NULL AND s.revoked_at IS NULL AND
s.generation >= found.session_generation AND s.expires_at > given.now AND s.last_used_at > given.unused_since RETURNING s.*),
recorded AS (INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id) SELECT
portcullis_event_id($11), $12, $13, $14, $15, $16, account_id, id FROM changed WHERE revoked_at IS NOT NULL), latest AS (SELECT
id, account_id, refresh_counter, created_at, last_used_at, expires_at, revoked_at, user_agent, ip_address, generation, true AS
changed FROM changed UNION ALL SELECT id, account_id, refresh_counter, created_at, last_used_at, expires_at, revoked_at,
user_agent, ip_address, generation, false FROM found WHERE NOT EXISTS (SELECT FROM changed)) SELECT latest.id, latest.account_id,
latest.refresh_counter, latest.created_at, latest.last_used_at, latest.expires_at, latest.revoked_at, latest.user_agent,
latest.ip_address, latest.generation, owner, email, username, roles, registered_at, disabled_at, session_generation, changed,
wait, refused, taken, contended, taken_in FROM taken, latest JOIN found USING (id)"#;

/// A change of the password.
pub(crate) const CHANGE_PASSWORD: &str = r#"
PREPARE old_change_password (uuid, uuid, timestamptz, text, text, text, text, inet, text) AS
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::timestamptz AS now, $4::text AS old, $5::text AS new, $6::text AS kind,
        $7::text AS user_agent, $8::inet AS ip_address, $9::text AS request_id
),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND password_hash = (SELECT old FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
asking AS (
    SELECT s.* FROM account, given, sessions s
    WHERE s.id = given.by AND s.account_id = account.id AND s.revoked_at IS NULL AND s.expires_at > given.now FOR NO KEY UPDATE OF s
),
living AS (
    SELECT account.* FROM account, asking WHERE asking.generation >= account.session_generation
),
raised AS (
    UPDATE accounts SET password_hash = given.new, session_generation = accounts.session_generation + 1,
        password_changed_at = greatest(given.now, coalesce(password_changed_at, created_at) + interval '1 microsecond')
    FROM living, given WHERE accounts.id = living.id RETURNING accounts.id, accounts.session_generation
),
kept AS (
    UPDATE sessions SET generation = raised.session_generation FROM raised, given WHERE sessions.id = given.by
),
noted AS (
    INSERT INTO session_endings (account_id, generation, ended_at, kept_session_id, user_agent, ip_address, request_id)
    SELECT raised.id, raised.session_generation, now, by, user_agent, ip_address, request_id FROM raised, given
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, kind, user_agent, ip_address, request_id, raised.id, by FROM raised, given
)
SELECT EXISTS (SELECT FROM account), (SELECT session_generation FROM raised)"#;

/// `deleteAccount`.
pub(crate) const DELETE_OWN: &str = r#"
PREPARE old_delete_own (uuid, uuid, timestamptz, text, boolean, text, text, inet, text) AS
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::timestamptz AS now, $4::text AS hash, $5::boolean AS is_kept,
        $6::text AS kind, $7::text AS user_agent, $8::inet AS ip_address, $9::text AS request_id
),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND password_hash = (SELECT hash FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
asking AS (
    SELECT s.* FROM account, given, sessions s
    WHERE s.id = given.by AND s.account_id = account.id AND s.revoked_at IS NULL AND s.expires_at > given.now FOR NO KEY UPDATE OF s
),
living AS (
    SELECT account.* FROM account, asking WHERE asking.generation >= account.session_generation
),
deleted AS (
    UPDATE accounts SET disabled_at = given.now, deleted_at = given.now,
        deleted_email = CASE WHEN is_kept THEN email END, deleted_username = CASE WHEN is_kept THEN username END,
        email = 'deleted ' || accounts.id, username = NULL,
        password_hash = CASE WHEN is_kept THEN password_hash ELSE '' END,
        session_generation = accounts.session_generation + 1
    FROM living, given WHERE accounts.id = living.id RETURNING accounts.id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, kind, user_agent, ip_address, request_id, deleted.id, by FROM deleted, given
)
SELECT EXISTS (SELECT FROM account), EXISTS (SELECT FROM deleted)"#;

/// `portcullis accounts delete`.
pub(crate) const DELETE: &str = r#"
PREPARE old_delete (uuid, text, text, timestamptz, float8, text) AS
WITH given AS (
    SELECT $1::uuid AS id, $2::text AS email, $3::text AS username, $4::timestamptz AS now, $5::float8 AS kept, $6::text AS kind
),
deleted AS (
    UPDATE accounts a SET disabled_at = coalesce(disabled_at, now), deleted_at = now,
        deleted_email = CASE WHEN kept > 0 THEN a.email END, deleted_username = CASE WHEN kept > 0 THEN a.username END,
        email = 'deleted ' || a.id, username = NULL, password_hash = CASE WHEN kept > 0 THEN password_hash ELSE '' END,
        session_generation = session_generation + 1
    FROM given
    WHERE (a.id = given.id OR lower(a.email COLLATE "C") = given.email OR lower(a.username COLLATE "C") = given.username)
        AND deleted_at IS NULL
    RETURNING a.id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, account_id)
    SELECT portcullis_event_id(now), now, kind, deleted.id FROM deleted, given
)
SELECT id FROM deleted"#;
