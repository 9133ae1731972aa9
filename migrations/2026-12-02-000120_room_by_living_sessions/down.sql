-- CREATE OR REPLACE takes away what was set for the function.
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
