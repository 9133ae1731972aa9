-- Deletes the account that an operator names, even one that is disabled.
WITH given AS (
    SELECT $1::uuid AS id, $2::text AS email, $3::text AS username, $4::timestamptz AS now, $5::boolean AS is_kept
),
deleted AS (
    UPDATE accounts a SET disabled_at = coalesce(disabled_at, now), deleted_at = now,
        deleted_email = CASE WHEN is_kept THEN a.email END, deleted_username = CASE WHEN is_kept THEN a.username END,
        email = 'deleted ' || a.id, username = NULL,
        session_generation = session_generation + 1
    FROM given
    WHERE (a.id = given.id OR lower(a.email COLLATE "C") = given.email OR lower(a.username COLLATE "C") = given.username)
        AND deleted_at IS NULL
    RETURNING a.id
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
    INSERT INTO audit_events (id, occurred_at, kind, account_id)
    SELECT portcullis_event_id(now), now, 'account_deleted', deleted.id FROM deleted, given
)
SELECT id FROM forgotten_factors
