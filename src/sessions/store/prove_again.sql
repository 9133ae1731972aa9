-- Notes that the owner of a session proved again who they are, if the session is active. If they did by the password, it has to be still
-- the one that was compared, and where the account has a second factor, the session has to have shown one. Returns whether it was, whether
-- a factor is lacking, and the session afterwards.
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::text AS hash, $4::text AS method, $5::text[] AS enough,
        $6::timestamptz AS now, $7::timestamptz AS unused_since, $8::text AS user_agent, $9::inet AS ip_address, $10::text AS request_id
),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
password AS (
    SELECT account_id FROM passwords
    WHERE account_id = (SELECT id FROM account) AND hash = (SELECT hash FROM given) FOR NO KEY UPDATE
),
proving AS (
    SELECT account_id FROM password UNION ALL SELECT id FROM account, given WHERE given.hash IS NULL
),
asking AS (
    SELECT s AS session FROM proving, given, sessions s
    WHERE s.id = given.by AND s.account_id = proving.account_id FOR NO KEY UPDATE OF s
),
asked AS (
    SELECT account.id, (asking.session).methods FROM account, asking, given
    WHERE portcullis_is_active(asking.session, account.session_generation, at => now, unused_since => unused_since)
),
factors AS MATERIALIZED (
    SELECT f.is_asked FROM asked, LATERAL portcullis_second_factors(asked.id) f
),
lacking AS MATERIALIZED (
    SELECT FROM asked, factors, given
    WHERE given.hash IS NOT NULL AND is_asked AND NOT asked.methods && enough
),
proven AS (
    UPDATE sessions s SET authenticated_at = greatest(s.authenticated_at, now),
        methods = CASE WHEN method = ANY (s.methods) THEN s.methods ELSE s.methods || method END
    FROM asked, given WHERE s.id = given.by AND NOT EXISTS (SELECT FROM lacking) RETURNING s.*
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'reauthenticated', given.user_agent, given.ip_address, request_id, proven.account_id, proven.id
    FROM proven, given
)
SELECT found.has_hash, found.lacks_factor, proven.id, proven.account_id, proven.refresh_counter, proven.created_at,
    proven.last_used_at, proven.expires_at, proven.revoked_at, proven.user_agent, proven.ip_address,
    proven.generation, proven.authenticated_at, proven.methods
FROM (SELECT EXISTS (SELECT FROM proving) AS has_hash, EXISTS (SELECT FROM lacking) AS lacks_factor) found
    LEFT JOIN proven ON true
