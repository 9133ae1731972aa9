-- Disables or enables the account that an operator names. Returns its id, and whether its state changed.
WITH given AS (
    SELECT $1::uuid AS id, $2::text AS email, $3::text AS username, $4::boolean AS enabled, $5::timestamptz AS now
),
found AS (
    SELECT a.id, a.disabled_at FROM accounts a, given
    WHERE deleted_at IS NULL
        AND (a.id = given.id OR lower(a.email COLLATE "C") = given.email OR lower(a.username COLLATE "C") = given.username)
    FOR NO KEY UPDATE OF a
),
changed AS (
    UPDATE accounts SET disabled_at = CASE WHEN enabled THEN NULL ELSE now END FROM found, given
    WHERE accounts.id = found.id AND (found.disabled_at IS NOT NULL) = enabled RETURNING accounts.id
),
closed AS (
    UPDATE flows SET consumed_at = now, data = NULL, code_mac = NULL FROM changed, given
    WHERE flows.account_id = changed.id AND flows.kind <> 'email_revert' AND consumed_at IS NULL AND NOT enabled
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, account_id)
    SELECT portcullis_event_id(now), now, CASE WHEN enabled THEN 'account_enabled' ELSE 'account_disabled' END, changed.id
    FROM changed, given
)
SELECT id, EXISTS (SELECT FROM changed) AS has_changed FROM found
