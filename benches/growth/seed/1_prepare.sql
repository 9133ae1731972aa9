-- On a migrated database that nobody uses, after
--   SET growth.accounts = '10000'; SET growth.password_hash = '$argon2id$...';
-- Takes away what would slow the rows down: 5_finish.sql makes it anew, in the same order, because PostgreSQL takes the newer of two
-- indexes that cost the same.

CREATE TABLE growth AS
SELECT current_setting('growth.accounts')::bigint AS accounts, current_setting('growth.password_hash') AS password_hash,
    date_trunc('second', now()) AS seeded_at, extract(epoch FROM date_trunc('second', now()))::bigint * 1000 AS seeded_ms;

-- UUIDv7 (RFC 9562) of a time in milliseconds. What is random in others is a hash of the number here, so that it is known again.
CREATE FUNCTION growth_id(ms bigint, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT overlay(overlay(overlay(md5(number::text) PLACING lpad(to_hex(ms), 12, '0') FROM 1 FOR 12) PLACING '7' FROM 13) PLACING 'a' FROM 17)::uuid
$$;

-- The accounts were registered one after the other in two years, the sessions opened in the last thirty days.
CREATE FUNCTION growth_registered(number bigint, accounts bigint, seeded_ms bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT seeded_ms - 730 * 86400000::bigint + number * (730 * 86400000::bigint) / accounts
$$;
CREATE FUNCTION growth_opened(number bigint, accounts bigint, seeded_ms bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT seeded_ms - 30 * 86400000::bigint + number * (30 * 86400000::bigint) / (2 * accounts)
$$;

CREATE TABLE growth_definitions (place int GENERATED ALWAYS AS IDENTITY, remove text NOT NULL, restore text NOT NULL);

INSERT INTO growth_definitions (remove, restore)
SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
FROM pg_index
WHERE indrelid = ANY (ARRAY['accounts', 'passwords', 'sessions', 'audit_events']::regclass[])
    AND indexrelid NOT IN (SELECT conindid FROM pg_constraint WHERE conindid <> 0)
ORDER BY indexrelid;

INSERT INTO growth_definitions (remove, restore)
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype = 'f' AND confrelid = 'accounts'::regclass;

DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN SELECT remove FROM growth_definitions ORDER BY place LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
