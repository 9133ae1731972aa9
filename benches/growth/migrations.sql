-- What migrations do, one kind a paragraph: its name, and the statements of its transaction. The last ones undo the others.

-- a column that may be null
ALTER TABLE sessions ADD COLUMN growth_nullable text;

-- a column with a constant default
ALTER TABLE sessions ADD COLUMN growth_default text DEFAULT 'none';

-- a check, NOT VALID
ALTER TABLE sessions ADD CONSTRAINT growth_check CHECK (growth_default IS NOT NULL) NOT VALID;

-- the check is validated
ALTER TABLE sessions VALIDATE CONSTRAINT growth_check;

-- NOT NULL, after that check
ALTER TABLE sessions ALTER COLUMN growth_default SET NOT NULL;

-- a trigger
CREATE TRIGGER growth_trigger AFTER UPDATE OF growth_default ON sessions FOR EACH ROW
    EXECUTE FUNCTION portcullis_session_changed();

-- an index, CONCURRENTLY
CREATE INDEX CONCURRENTLY growth_sessions_idx ON sessions (expires_at);

-- a table, filled, then taken over under a lock
CREATE TABLE growth_filled AS SELECT account_id, changed_at FROM passwords;
ALTER TABLE growth_filled ADD CONSTRAINT growth_filled_pkey PRIMARY KEY (account_id);
LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO growth_filled (account_id, changed_at)
    SELECT account_id, changed_at FROM passwords WHERE age(xmin) <= age(pg_current_xact_id()::xid)
    ON CONFLICT (account_id) DO UPDATE SET changed_at = EXCLUDED.changed_at;

-- a foreign key, NOT VALID
ALTER TABLE growth_filled ADD CONSTRAINT growth_filled_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts (id)
    ON DELETE CASCADE NOT VALID;

-- rows of nobody's removed, the foreign key validated (contracting)
DELETE FROM growth_filled f WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.id = f.account_id);
ALTER TABLE growth_filled VALIDATE CONSTRAINT growth_filled_account_id_fkey;

-- an index dropped, CONCURRENTLY
DROP INDEX CONCURRENTLY growth_sessions_idx;

-- a trigger and columns dropped (contracting)
DROP TRIGGER growth_trigger ON sessions;
ALTER TABLE sessions DROP COLUMN growth_nullable, DROP COLUMN growth_default;

-- a table dropped (contracting)
DROP TABLE growth_filled;
