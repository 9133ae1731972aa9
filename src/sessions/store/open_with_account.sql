-- Creates an account, with a password if it has one, and opens its first session. If a second factor is required of it, no session is
-- opened, and the flow in which it is added begins.
WITH given AS (
    SELECT $1::uuid AS account, $2::text AS email, $3::text AS username, $4::text AS hash, $5::uuid AS session, $6::text[] AS methods,
        $7::timestamptz AS now, $8::timestamptz AS expires_at,
        $9::uuid AS flow, $10::text AS flow_kind, $11::text AS flow_email, $12::text AS flow_locale, $13::bytea AS token_hash,
        $14::bytea AS data, $15::timestamptz AS flow_expires_at,
        $16::text AS user_agent, $17::inet AS ip_address, $18::text AS request_id,
        $19::boolean AS required_of_all, $20::text[] AS required_roles
),
account AS (
    INSERT INTO accounts (id, email, username, created_at) SELECT account, email, username, now FROM given
    RETURNING id, session_generation, roles
),
password AS (
    INSERT INTO passwords (account_id, hash, changed_at) SELECT account.id, hash, now FROM account, given WHERE hash IS NOT NULL
),
factors AS (
    SELECT required_of_all OR account.roles && required_roles AS is_lacking FROM account, given
),
second_step AS (
    INSERT INTO flows (id, kind, link_kind, account_id, email, locale, token_hash, data, created_at, expires_at, user_agent, ip_address)
    SELECT flow, flow_kind, flow_kind, account.id, flow_email, flow_locale, token_hash, data, now, flow_expires_at, user_agent, ip_address
    FROM account, factors, given WHERE is_lacking
),
session AS (
    INSERT INTO sessions (id, account_id, generation, created_at, last_used_at, authenticated_at, methods, expires_at, user_agent,
        ip_address)
    SELECT session, account.id, session_generation, now, now, now, methods, expires_at, user_agent, ip_address
    FROM account, factors, given WHERE NOT is_lacking RETURNING id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'registered', user_agent, ip_address, request_id, account.id, session.id
    FROM account CROSS JOIN given LEFT JOIN session ON true
)
SELECT is_lacking FROM factors
