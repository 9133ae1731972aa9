-- Restores the names of the account that was last deleted under the name or id that an operator gives. An account
-- that was disabled before stays disabled.
WITH given AS (
    SELECT $1::uuid AS id, $2::text AS email, $3::text AS username, $4::timestamptz AS now, $5::float8 AS kept_seconds
),
found AS (
    SELECT a.id FROM accounts a, given
    WHERE (a.id = given.id OR lower(deleted_email COLLATE "C") = given.email OR lower(deleted_username COLLATE "C") = given.username)
        AND deleted_at > least(now, clock_timestamp()) - make_interval(secs => kept_seconds) AND deleted_email IS NOT NULL
    ORDER BY deleted_at DESC LIMIT 1 FOR NO KEY UPDATE OF a
),
restored AS (
    UPDATE accounts a SET email = deleted_email, username = deleted_username,
        disabled_at = CASE WHEN disabled_at < deleted_at THEN disabled_at END,
        deleted_at = NULL, deleted_email = NULL, deleted_username = NULL
    FROM found WHERE a.id = found.id RETURNING a.id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, account_id)
    SELECT portcullis_event_id(now), now, 'account_restored', restored.id FROM restored, given
)
SELECT id FROM restored
