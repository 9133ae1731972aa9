-- Ends a registration that was confirmed by mail: creates the account with its address proven, and opens its first session. If a second
-- factor is required of it, no session is opened, and the flow in which it is added begins. Does nothing and returns nothing if the
-- registration is over. Events are listed by their ids, so the second has a later one.
WITH given AS (
    SELECT $1::uuid AS proven, $2::uuid AS account, $3::text AS email, $4::text AS username, $5::text AS hash, $6::uuid AS session,
        $7::text[] AS methods, $8::timestamptz AS now, $9::timestamptz AS expires_at,
        $10::uuid AS flow, $11::text AS flow_kind, $12::text AS flow_email, $13::text AS flow_locale, $14::bytea AS token_hash,
        $15::bytea AS data, $16::timestamptz AS flow_expires_at,
        $17::text AS user_agent, $18::inet AS ip_address, $19::text AS request_id,
        $20::boolean AS required_of_all, $21::text[] AS required_roles
),
consumed AS (
    UPDATE flows SET consumed_at = now, data = NULL, code_mac = NULL FROM given
    WHERE flows.id = proven AND consumed_at IS NULL AND flows.expires_at > now RETURNING flows.id
),
account AS (
    INSERT INTO accounts (id, email, username, created_at, email_verified_at)
    SELECT account, email, username, now, now FROM given, consumed RETURNING id, session_generation, roles
),
password AS (
    INSERT INTO passwords (account_id, hash, changed_at) SELECT account.id, hash, now FROM account, given WHERE hash IS NOT NULL
),
factors AS (
    SELECT required_of_all OR account.roles && required_roles AS is_lacking FROM account, given
),
second_step AS (
    INSERT INTO flows (id, kind, link_kind, account_id, email, locale, token_hash, data, created_at, expires_at, user_agent, ip_address)
    SELECT flow, flow_kind, flow_kind, account.id, flow_email, flow_locale, token_hash, given.data, now, flow_expires_at, user_agent,
        ip_address
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
    SELECT portcullis_event_id(now + later), now, kind, user_agent, ip_address, request_id, account.id, session.id
    FROM account CROSS JOIN given LEFT JOIN session ON true
        CROSS JOIN (VALUES ('registered', interval '0'), ('email_verified', interval '1 millisecond')) AS event (kind, later)
)
SELECT is_lacking FROM factors
