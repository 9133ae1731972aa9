-- Removes buckets that are full, by the clock of the database as well.
DELETE FROM limits WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM limits WHERE full_at <= least(clock_timestamp(), $1::timestamptz) LIMIT $2::bigint FOR UPDATE SKIP LOCKED
))
