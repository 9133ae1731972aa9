-- Charges the attempt, and continues the session of the refresh token with this counter, which moves the counter on. It does not if the
-- attempt is refused, if an older token is used again, or if the session or its account is over: refuse.sql says which. The session's row
-- is looked at again when it was locked.
WITH taken AS MATERIALIZED (
    SELECT * FROM portcullis_take($5::integer[], $6::bytea[], $7::float8[], $8::float8[], $9::timestamptz, $10::boolean)
),
continued AS (
    UPDATE sessions s SET refresh_counter = greatest(s.refresh_counter, $2::bigint + 1),
        last_used_at = greatest(s.last_used_at, $3::timestamptz)
    FROM taken, accounts a
    WHERE s.id = $1::uuid AND a.id = s.account_id AND a.disabled_at IS NULL AND taken.wait IS NULL
        AND s.refresh_counter - 1 <= $2::bigint
        AND portcullis_is_active(s, a.session_generation, at => $3::timestamptz, unused_since => $4::timestamptz)
    RETURNING s.*, a.id AS owner, a.email, a.email_verified_at, a.username, a.roles, a.created_at AS registered_at, a.disabled_at,
        a.session_generation
)
SELECT wait, refused, taken, contended, taken_in,
    id, account_id, refresh_counter, created_at, last_used_at, expires_at, revoked_at, user_agent, ip_address, generation,
    authenticated_at, methods,
    owner AS id, email, email_verified_at, username, roles, registered_at AS created_at, disabled_at, session_generation
FROM taken LEFT JOIN continued ON true
