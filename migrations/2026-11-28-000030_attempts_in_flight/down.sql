DROP FUNCTION portcullis_take;
ALTER TABLE limits DROP COLUMN held, DROP COLUMN held_before, DROP COLUMN held_in;
-- Takes from one bucket of each step, in their order: the first that holds enough. Each holds `burst` seconds of its inflow at the
-- most. If a step has none, everything is put back, `refused` is that step, and `wait` says in how many seconds one of its buckets will.
-- All takers lock buckets in the order of their steps, so each step has to have its place.
CREATE FUNCTION portcullis_take(steps int[], keys bytea[], costs float8[], bursts float8[], now timestamptz,
    OUT wait float8, OUT refused int, OUT taken bytea[]) LANGUAGE plpgsql AS $$
DECLARE
    cost interval;
    brim timestamptz;
    slack CONSTANT interval := '1 minute';
    done int := -1;
    short float8;
    taken_costs float8[] := '{}';
BEGIN
    taken := '{}';
    FOR place IN 1 .. cardinality(keys) LOOP
        CONTINUE WHEN steps[place] = done;
        cost := make_interval(secs => costs[place]);
        brim := now + make_interval(secs => bursts[place]);
        INSERT INTO limits AS bucket VALUES (keys[place], now + cost)
            -- Far emptier than empty was made by a clock that is wrong.
            ON CONFLICT (key) DO UPDATE
            SET full_at = cost + CASE WHEN bucket.full_at > brim + slack THEN now ELSE greatest(bucket.full_at, now) END
            WHERE bucket.full_at + cost <= brim OR bucket.full_at > brim + slack;
        IF FOUND THEN
            taken := taken || keys[place];
            taken_costs := taken_costs || costs[place];
            done := steps[place];
            wait := NULL;
            CONTINUE;
        END IF;
        SELECT extract(epoch FROM bucket.full_at + cost - brim) INTO short FROM limits AS bucket WHERE key = keys[place];
        wait := least(wait, greatest(short, 0));
        IF place = cardinality(keys) OR steps[place + 1] <> steps[place] THEN
            FOR back IN 1 .. cardinality(taken) LOOP
                UPDATE limits AS bucket SET full_at = bucket.full_at - make_interval(secs => taken_costs[back])
                    WHERE key = taken[back];
            END LOOP;
            taken := '{}';
            refused := steps[place];
            RETURN;
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION portcullis_take IS 'Takes an attempt from the buckets: wait is null if it may be made, and taken says from which.';
