-- Writes when sessions were last used. Locked rows are left, because they are being used at this moment. A use that
-- follows soon after the one in the row is left out, because another instance has written that one.
WITH used AS (SELECT id, at FROM unnest($1::uuid[], $2::timestamptz[]) AS used (id, at)),
free AS (
    SELECT s.id, used.at FROM sessions s JOIN used USING (id)
    WHERE s.revoked_at IS NULL AND s.last_used_at < used.at - interval '30 seconds'
    FOR NO KEY UPDATE OF s SKIP LOCKED
)
UPDATE sessions SET last_used_at = greatest(last_used_at, free.at) FROM free WHERE sessions.id = free.id
