-- Removes from some events of an account that was deleted long enough ago what identifies its owner, and removes some
-- of its sessions. If there are none of either, and a step was completed before this one began, removes the account.
WITH given AS (
    SELECT $1::timestamptz AS now, $2::float8 AS kept_seconds, $3::uuid AS account, $4::boolean AS is_cleared
),
account AS (
    SELECT id FROM accounts
    WHERE id = (SELECT account FROM given)
        AND deleted_at <= (SELECT least(now, clock_timestamp()) - make_interval(secs => kept_seconds) FROM given)
    FOR UPDATE SKIP LOCKED
),
allowed AS MATERIALIZED (
    SELECT id, set_config('portcullis.strip_account', id::text, true) FROM account
),
telling AS MATERIALIZED (
    SELECT e.id FROM allowed JOIN audit_events e ON e.account_id = allowed.id
    WHERE e.user_agent IS NOT NULL OR e.ip_address IS NOT NULL OR e.request_id IS NOT NULL LIMIT 500
),
stripped AS (
    UPDATE audit_events SET user_agent = NULL, ip_address = NULL, request_id = NULL
    WHERE id IN (SELECT id FROM telling) RETURNING id
),
left_over AS MATERIALIZED (
    SELECT s.id FROM account JOIN sessions s ON s.account_id = account.id LIMIT 500 FOR UPDATE OF s
),
removed AS (
    DELETE FROM sessions WHERE id IN (SELECT id FROM left_over) RETURNING id
),
gone AS (
    DELETE FROM accounts WHERE id = (SELECT id FROM account) AND (SELECT is_cleared FROM given)
        AND NOT EXISTS (SELECT FROM telling) AND NOT EXISTS (SELECT FROM left_over) RETURNING id
)
SELECT EXISTS (SELECT FROM gone) AS is_gone, (SELECT count(*) FROM stripped) + (SELECT count(*) FROM removed) AS rows FROM account
