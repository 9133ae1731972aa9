-- Ends the least used sessions of an account so that with the one that is opened there are at most so many. A function, since
-- it has to see what was committed while its caller waited for the account's row, which the caller holds. Of an account that is far above
-- the bound it ends a few each time, and no more of its sessions are counted than that takes. A session that somebody holds is being
-- used: the next one is taken in its place.
CREATE FUNCTION portcullis_make_room(account uuid, current bigint, opened uuid, most bigint, at timestamptz, unused_since timestamptz)
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

COMMENT ON FUNCTION portcullis_make_room IS 'Ends the least used sessions of an account, so that there is room for one that is opened.';
