-- The same as before, whatever the statistics say: only the index of living sessions is looked at, from its beginning, so that ended
-- sessions cost nothing. PostgreSQL took an index with all sessions of the account, or the whole table, where it knew of few ended
-- ones. Another index gives this order as well, but it has the ended sessions, so it is estimated to cost more; no other path is left. A plain scan of an index also marks what it finds dead there, and
-- that is not visited again.
CREATE OR REPLACE FUNCTION portcullis_make_room(account uuid, current bigint, opened uuid, most bigint, at timestamptz, unused_since timestamptz)
RETURNS TABLE (account_id uuid, id uuid) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    surplus bigint;
BEGIN
    -- No session has a higher generation than its account. With one number in its place the index would be one of several.
    SELECT count(*) - most + 1 INTO surplus FROM (
        SELECT FROM sessions s
        WHERE s.account_id = account AND s.generation >= current AND s.id <> opened
            AND portcullis_is_active(s, current, at => at, unused_since => unused_since)
        ORDER BY s.generation, s.id LIMIT most + 20
    ) AS counted;
    IF surplus <= 0 THEN
        RETURN;
    END IF;
    RETURN QUERY
        WITH active AS MATERIALIZED (
            SELECT s.id, s.last_used_at FROM sessions s
            WHERE s.account_id = account AND s.generation >= current AND s.id <> opened
                AND portcullis_is_active(s, current, at => at, unused_since => unused_since)
            ORDER BY s.generation, s.id
        ),
        least_used AS (
            SELECT s.id FROM (SELECT active.id, active.last_used_at FROM active ORDER BY active.last_used_at, active.id) oldest
                JOIN sessions s ON s.id = oldest.id
            WHERE portcullis_is_active(s, current, at => at, unused_since => unused_since)
            ORDER BY oldest.last_used_at, oldest.id LIMIT least(surplus, 20) FOR NO KEY UPDATE OF s SKIP LOCKED
        )
        UPDATE sessions s SET revoked_at = at FROM least_used WHERE s.id = least_used.id RETURNING s.account_id, s.id;
END
$$;
