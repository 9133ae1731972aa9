CREATE OR REPLACE FUNCTION portcullis_make_room(account uuid, current bigint, opened uuid, most bigint, at timestamptz, unused_since timestamptz)
RETURNS TABLE (account_id uuid, id uuid) LANGUAGE plpgsql AS $$
DECLARE
    surplus bigint;
BEGIN
    SELECT count(*) - most + 1 INTO surplus FROM (
        SELECT FROM sessions s
        WHERE s.account_id = account AND s.generation = current AND s.revoked_at IS NULL
            AND s.expires_at > at AND s.last_used_at > unused_since AND s.id <> opened
        LIMIT most + 20
    ) AS counted;
    IF surplus <= 0 THEN
        RETURN;
    END IF;
    RETURN QUERY
        WITH least_used AS (
            SELECT s.id FROM sessions s
            WHERE s.account_id = account AND s.generation = current AND s.revoked_at IS NULL
                AND s.expires_at > at AND s.last_used_at > unused_since AND s.id <> opened
            ORDER BY s.last_used_at, s.id LIMIT least(surplus, 20) FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE sessions s SET revoked_at = at FROM least_used WHERE s.id = least_used.id RETURNING s.account_id, s.id;
END
$$;

DROP FUNCTION portcullis_is_active;
DROP FUNCTION portcullis_is_in_time;
