-- Accepts a code of an authenticator app: notes its time step, if no code of that step or of a later one was accepted before. Of several
-- at once one changes the row, because the others see the step that it noted.
WITH given AS (
    SELECT $1::uuid AS account, $2::bigint AS step, $3::bytea AS secret, $4::bytea AS resealed, $5::uuid AS session,
        $6::timestamptz AS now, $7::text AS user_agent, $8::inet AS ip_address, $9::text AS request_id
),
accepted AS (
    UPDATE totps t SET last_step = given.step, secret = coalesce(resealed, t.secret) FROM given, accounts a
    WHERE t.account_id = given.account AND t.secret = given.secret AND t.last_step < given.step
        AND a.id = t.account_id AND a.disabled_at IS NULL
    RETURNING t.account_id
)
INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
SELECT portcullis_event_id(now), now, 'totp_used', user_agent, ip_address, request_id, account_id, session FROM accepted, given
