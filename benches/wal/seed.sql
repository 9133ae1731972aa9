-- Adds so many accounts with this hash. Each has two sessions, and an event for its registration and for each login.
WITH given AS (
    SELECT $1::integer AS accounts, $2::text AS hash, 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' AS user_agent,
        '192.0.2.7'::inet AS ip_address, clock_timestamp() AS now
),
account AS (
    INSERT INTO accounts (id, email, created_at)
    SELECT portcullis_event_id(now), left(md5(gen_random_uuid()::text), 12) || '@example.com', now
    FROM given, generate_series(1, given.accounts)
    RETURNING id
),
password AS (
    INSERT INTO passwords (account_id, hash, changed_at) SELECT account.id, hash, now FROM account, given
),
session AS (
    INSERT INTO sessions (id, account_id, created_at, last_used_at, authenticated_at, methods, expires_at, user_agent, ip_address)
    SELECT portcullis_event_id(now), account.id, now, now, now, '{pwd}', now + interval '30 days', user_agent, ip_address
    FROM account, given, generate_series(1, 2)
    RETURNING id, account_id
)
INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
SELECT portcullis_event_id(now), now, kind, user_agent, ip_address, gen_random_uuid()::text, account_id, session_id
FROM given, (
    SELECT 'registered' AS kind, id AS account_id, NULL AS session_id FROM account
    UNION ALL
    SELECT 'logged_in', account_id, id FROM session
) event
