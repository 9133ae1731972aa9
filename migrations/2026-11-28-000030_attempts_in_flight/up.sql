ALTER TABLE limits
    ADD COLUMN held bigint NOT NULL DEFAULT 0,
    ADD COLUMN held_at timestamptz NOT NULL DEFAULT '-infinity';

COMMENT ON COLUMN limits.held IS 'How many attempts have taken from it whose outcome is not known yet: what they took may be given back.';
COMMENT ON COLUMN limits.held_at IS 'When such an attempt last took from it, by the clock of the database.';

-- Takes from one bucket of each step, in their order: the first that holds enough. Each holds `burst` seconds of its inflow at the
-- most. If a step has none, everything is put back, `refused` is that step, and `wait` says in how many seconds one of its buckets will;
-- `contended` says whether some of what they lack is held by attempts that may give it back. `holding` says whether this is such an
-- attempt. One that has held for longer than any attempt takes has died.
-- All takers lock buckets in the order of their steps, so each step has to have its place.
DROP FUNCTION portcullis_take;
CREATE FUNCTION portcullis_take(steps int[], keys bytea[], costs float8[], bursts float8[], now timestamptz,
    holding boolean DEFAULT false, OUT wait float8, OUT refused int, OUT taken bytea[], OUT contended boolean) LANGUAGE plpgsql AS $$
DECLARE
    cost interval;
    brim timestamptz;
    slack CONSTANT interval := '1 minute';
    patience CONSTANT interval := '15 seconds';
    since CONSTANT timestamptz := CASE WHEN holding THEN clock_timestamp() ELSE '-infinity' END;
    done int := -1;
    short float8;
    is_held boolean;
    taken_costs float8[] := '{}';
BEGIN
    taken := '{}';
    contended := false;
    FOR place IN 1 .. cardinality(keys) LOOP
        CONTINUE WHEN steps[place] = done;
        cost := make_interval(secs => costs[place]);
        brim := now + make_interval(secs => bursts[place]);
        INSERT INTO limits AS bucket VALUES (keys[place], now + cost, holding::int, since)
            -- Far emptier than empty was made by a clock that is wrong.
            ON CONFLICT (key) DO UPDATE
            SET full_at = cost + CASE WHEN bucket.full_at > brim + slack THEN now ELSE greatest(bucket.full_at, now) END,
                held = CASE WHEN bucket.held_at < clock_timestamp() - patience THEN 0 ELSE bucket.held END + holding::int,
                held_at = greatest(bucket.held_at, since)
            WHERE bucket.full_at + cost <= brim OR bucket.full_at > brim + slack;
        IF FOUND THEN
            taken := taken || keys[place];
            taken_costs := taken_costs || costs[place];
            done := steps[place];
            wait := NULL;
            contended := false;
            CONTINUE;
        END IF;
        SELECT extract(epoch FROM bucket.full_at + cost - brim),
            bucket.held > 0 AND bucket.held_at > clock_timestamp() - patience
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
            refused := steps[place];
            RETURN;
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION portcullis_take IS 'Takes an attempt from the buckets: wait is null if it may be made, and taken says from which.';
