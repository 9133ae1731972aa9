-- Gives back to each bucket so many seconds of its inflow, and counts one attempt less that is in flight, in the period in which it took
-- from the bucket. Buckets are locked in the order in which they were taken from, as portcullis_take does.
CREATE FUNCTION portcullis_settle(keys bytea[], back float8[], taken_in bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR place IN 1 .. cardinality(keys) LOOP
        UPDATE limits AS bucket SET
            held = greatest(bucket.held - (bucket.held_in = taken_in[place])::int, 0),
            held_before = greatest(bucket.held_before - (bucket.held_in = taken_in[place] + 1)::int, 0),
            full_at = bucket.full_at - make_interval(secs => back[place])
            WHERE key = keys[place];
    END LOOP;
END
$$;

COMMENT ON FUNCTION portcullis_settle IS 'Gives back what does not count of what portcullis_take took: the attempt holds nothing any longer.';
