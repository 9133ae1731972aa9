-- Ends a registration that was confirmed by mail: creates the account with its address proven, and opens its first session. Does
-- nothing if the registration is over. Events are listed by their ids, so the second has a later one.
WITH given AS (
    SELECT $1::uuid AS flow, $2::uuid AS account, $3::text AS email, $4::text AS username, $5::text AS hash, $6::uuid AS session,
        $7::text[] AS methods, $8::timestamptz AS now, $9::timestamptz AS expires_at,
        $10::text AS user_agent, $11::inet AS ip_address, $12::text AS request_id
),
consumed AS (
    UPDATE flows SET consumed_at = now, data = NULL, code_mac = NULL FROM given
    WHERE flows.id = flow AND consumed_at IS NULL AND flows.expires_at > now RETURNING flows.id
),
account AS (
    INSERT INTO accounts (id, email, username, created_at, email_verified_at)
    SELECT account, email, username, now, now FROM given, consumed RETURNING id, session_generation
),
password AS (
    INSERT INTO passwords (account_id, hash, changed_at) SELECT account.id, hash, now FROM account, given WHERE hash IS NOT NULL
),
session AS (
    INSERT INTO sessions (id, account_id, generation, created_at, last_used_at, authenticated_at, methods, expires_at, user_agent,
        ip_address)
    SELECT session, account.id, session_generation, now, now, now, methods, expires_at, user_agent, ip_address
    FROM account, given RETURNING account_id, id
)
INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
SELECT portcullis_event_id(now + later), now, kind, user_agent, ip_address, request_id, session.account_id, session.id
FROM session, given, (VALUES ('registered', interval '0'), ('email_verified', interval '1 millisecond')) AS event (kind, later)
