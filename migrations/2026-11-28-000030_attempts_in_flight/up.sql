ALTER TABLE limits
    ADD COLUMN held bigint NOT NULL DEFAULT 0,
    ADD COLUMN held_before bigint NOT NULL DEFAULT 0,
    ADD COLUMN held_in bigint NOT NULL DEFAULT 0;

COMMENT ON COLUMN limits.held IS 'How many attempts have taken from it in the period held_in whose outcome is not known yet: what they took may be given back.';
COMMENT ON COLUMN limits.held_before IS 'The same of the period before that. What is held from earlier ones was taken by attempts that have died.';
COMMENT ON COLUMN limits.held_in IS 'The period in which an attempt last took from it: fifteen seconds each, by the clock of the database, counted from 1970.';

-- Takes from one bucket of each step, in their order: the first that holds enough. Each holds `burst` seconds of its inflow at the
-- most. If a step has none, everything is put back, `refused` is that step, and `wait` says in how many seconds one of its buckets will;
-- `contended` says whether some of what they lack is held by attempts that may give it back. `holding` says whether this is such an
-- attempt; then `taken_in` says in which period it took from each. Each attempt is counted in its own period, so one that died is
-- forgotten in time, however many come after it.
-- All takers lock buckets in the order of their steps, so each step has to have its place.
DROP FUNCTION portcullis_take;
CREATE FUNCTION portcullis_take(steps int[], keys bytea[], costs float8[], bursts float8[], now timestamptz,
    holding boolean DEFAULT false, OUT wait float8, OUT refused int, OUT taken bytea[], OUT contended boolean,
    OUT taken_in bigint[]) LANGUAGE plpgsql AS $$
DECLARE
    cost interval;
    brim timestamptz;
    slack CONSTANT interval := '1 minute';
    period CONSTANT bigint := floor(extract(epoch FROM clock_timestamp()) / 15);
    this_period bigint;
    done int := -1;
    short float8;
    is_held boolean;
    taken_costs float8[] := '{}';
BEGIN
    taken := '{}';
    taken_in := '{}';
    contended := false;
    FOR place IN 1 .. cardinality(keys) LOOP
        CONTINUE WHEN steps[place] = done;
        cost := make_interval(secs => costs[place]);
        brim := now + make_interval(secs => bursts[place]);
        INSERT INTO limits AS bucket VALUES (keys[place], now + cost, holding::int, 0, period)
            -- Far emptier than empty was made by a clock that is wrong.
            ON CONFLICT (key) DO UPDATE
            SET full_at = cost + CASE WHEN bucket.full_at > brim + slack THEN now ELSE greatest(bucket.full_at, now) END,
                -- Whoever waited for the row may find a period that began meanwhile, and is counted in that.
                held = CASE WHEN bucket.held_in IN (period, period + 1) THEN bucket.held ELSE 0 END + holding::int,
                held_before = CASE WHEN bucket.held_in IN (period, period + 1) THEN bucket.held_before
                    WHEN bucket.held_in = period - 1 THEN bucket.held ELSE 0 END,
                held_in = CASE WHEN bucket.held_in = period + 1 THEN bucket.held_in ELSE period END
            WHERE bucket.full_at + cost <= brim OR bucket.full_at > brim + slack
            RETURNING bucket.held_in INTO this_period;
        IF FOUND THEN
            taken := taken || keys[place];
            taken_in := taken_in || this_period;
            taken_costs := taken_costs || costs[place];
            done := steps[place];
            wait := NULL;
            contended := false;
            CONTINUE;
        END IF;
        SELECT extract(epoch FROM bucket.full_at + cost - brim),
            CASE WHEN bucket.held_in IN (period, period + 1) THEN bucket.held + bucket.held_before > 0
                ELSE bucket.held_in = period - 1 AND bucket.held > 0 END
            INTO short, is_held FROM limits AS bucket WHERE key = keys[place];
        wait := least(wait, greatest(short, 0));
        contended := contended OR coalesce(is_held, false);
        IF place = cardinality(keys) OR steps[place + 1] <> steps[place] THEN
            FOR back IN 1 .. cardinality(taken) LOOP
                UPDATE limits AS bucket
                    SET full_at = bucket.full_at - make_interval(secs => taken_costs[back]), held = greatest(bucket.held - holding::int, 0)
                    WHERE key = taken[back];
            END LOOP;
            taken := '{}';
            taken_in := '{}';
            refused := steps[place];
            RETURN;
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION portcullis_take IS 'Takes an attempt from the buckets: wait is null if it may be made, and taken says from which.';
