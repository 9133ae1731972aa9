-- Deletes the account of the session that asks, if that session is active and the hash is still that of the account's
-- password. Returns whether the hash was, and whether the account was deleted. The text that replaces its address is
-- not an address, so nobody can have it already.
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::timestamptz AS now, $4::timestamptz AS unused_since,
        $5::text AS hash, $6::boolean AS is_kept,
        $7::text AS user_agent, $8::inet AS ip_address, $9::text AS request_id
),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
password AS (
    SELECT account_id FROM passwords
    WHERE account_id = (SELECT id FROM account) AND hash = (SELECT hash FROM given) FOR NO KEY UPDATE
),
asking AS (
    SELECT s AS session FROM password, given, sessions s
    WHERE s.id = given.by AND s.account_id = password.account_id FOR NO KEY UPDATE OF s
),
asked AS (
    SELECT account.id FROM account, asking, given
    WHERE portcullis_is_active(asking.session, account.session_generation, at => now, unused_since => unused_since)
),
deleted AS (
    UPDATE accounts SET disabled_at = given.now, deleted_at = given.now,
        deleted_email = CASE WHEN is_kept THEN email END, deleted_username = CASE WHEN is_kept THEN username END,
        email = 'deleted ' || accounts.id, username = NULL,
        session_generation = accounts.session_generation + 1
    FROM asked, given WHERE accounts.id = asked.id RETURNING accounts.id
),
forgotten AS (
    DELETE FROM passwords USING deleted, given WHERE account_id = deleted.id AND NOT is_kept
),
forgotten_factors AS MATERIALIZED (
    SELECT deleted.id, CASE WHEN NOT is_kept THEN portcullis_remove_factors(deleted.id) END FROM deleted, given
),
closed AS (
    DELETE FROM flows USING deleted WHERE account_id = deleted.id
),
unsent AS (
    DELETE FROM mails USING deleted WHERE mails.account_id = deleted.id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'account_deleted', user_agent, ip_address, request_id, deleted.id, by FROM deleted, given
)
SELECT EXISTS (SELECT FROM password) AS has_hash, EXISTS (SELECT FROM forgotten_factors) AS is_deleted
