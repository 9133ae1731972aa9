-- Creates an account, with a password if it has one, and opens its first session.
WITH given AS (
    SELECT $1::uuid AS account, $2::text AS email, $3::text AS username, $4::text AS hash, $5::uuid AS session, $6::text[] AS methods,
        $7::timestamptz AS now, $8::timestamptz AS expires_at,
        $9::text AS user_agent, $10::inet AS ip_address, $11::text AS request_id
),
account AS (
    INSERT INTO accounts (id, email, username, created_at) SELECT account, email, username, now FROM given
    RETURNING id, session_generation
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
SELECT portcullis_event_id(now), now, 'registered', user_agent, ip_address, request_id, session.account_id, session.id
FROM session, given
