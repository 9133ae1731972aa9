-- What makes a session active, for each statement that asks. PostgreSQL puts the conditions in the place of a call, so indexes serve as
-- if they stood there.
CREATE FUNCTION portcullis_is_in_time(s sessions, at timestamptz, unused_since timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT s.expires_at > at AND s.last_used_at > unused_since
$$;

CREATE FUNCTION portcullis_is_active(s sessions, session_generation bigint, at timestamptz, unused_since timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT s.revoked_at IS NULL AND s.generation >= session_generation AND portcullis_is_in_time(s, at, unused_since)
$$;

COMMENT ON FUNCTION portcullis_is_in_time IS 'Whether a session that has not ended is good: not past its end, and not left unused for too long.';
COMMENT ON FUNCTION portcullis_is_active IS 'Whether a session is good, whose account has this generation: it has not ended, by itself or with all others of the account, and it is in time.';

-- The same as before, in these words.
CREATE OR REPLACE FUNCTION portcullis_make_room(account uuid, current bigint, opened uuid, most bigint, at timestamptz, unused_since timestamptz)
RETURNS TABLE (account_id uuid, id uuid) LANGUAGE plpgsql AS $$
DECLARE
    surplus bigint;
BEGIN
    SELECT count(*) - most + 1 INTO surplus FROM (
        SELECT FROM sessions s
        WHERE s.account_id = account AND s.generation = current AND s.id <> opened
            AND portcullis_is_active(s, current, at => at, unused_since => unused_since)
        LIMIT most + 20
    ) AS counted;
    IF surplus <= 0 THEN
        RETURN;
    END IF;
    RETURN QUERY
        WITH least_used AS (
            SELECT s.id FROM sessions s
            WHERE s.account_id = account AND s.generation = current AND s.id <> opened
                AND portcullis_is_active(s, current, at => at, unused_since => unused_since)
            ORDER BY s.last_used_at, s.id LIMIT least(surplus, 20) FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE sessions s SET revoked_at = at FROM least_used WHERE s.id = least_used.id RETURNING s.account_id, s.id;
END
$$;
