-- Ending all sessions of an account takes one change of its row, however many there are: a session counts only while it is of its
-- account's generation.
ALTER TABLE accounts ADD COLUMN session_generation bigint NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN generation bigint NOT NULL DEFAULT 0, ADD COLUMN ended_in bigint;

COMMENT ON COLUMN accounts.session_generation IS 'Raised by one to end all sessions of the account that are not raised with it.';
COMMENT ON COLUMN sessions.generation IS 'The account''s when the session was opened, or when it ended all others. The session has ended if the account''s is higher.';
COMMENT ON COLUMN sessions.ended_in IS 'The generation of the account with which the session ended. Null if it ended by itself, or it is not written down yet.';

-- Whoever does not say a generation, such as an instance of an earlier version, gets the account's.
ALTER TABLE sessions ALTER COLUMN generation SET DEFAULT -1;

CREATE FUNCTION portcullis_session_opens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT session_generation FROM %I.accounts WHERE id = $1', TG_TABLE_SCHEMA)
        INTO NEW.generation USING NEW.account_id;
    NEW.generation := coalesce(NEW.generation, 0);
    RETURN NEW;
END
$$;

CREATE TRIGGER sessions_open BEFORE INSERT ON sessions FOR EACH ROW
    WHEN (NEW.generation < 0) EXECUTE FUNCTION portcullis_session_opens();

-- The sessions of one generation, however many ended ones there are. Neither column is touched by a refresh.
CREATE INDEX sessions_living_idx ON sessions (account_id, generation, id) WHERE revoked_at IS NULL;
-- Those that ended with a generation, also when their end is written down.
CREATE INDEX sessions_generation_idx ON sessions (account_id, generation, id);

CREATE TABLE session_endings (
    account_id uuid NOT NULL CONSTRAINT session_endings_account_id_fkey REFERENCES accounts (id) ON DELETE CASCADE,
    generation bigint NOT NULL,
    ended_at timestamptz NOT NULL,
    kept_session_id uuid,
    user_agent text,
    ip_address inet,
    request_id text,
    CONSTRAINT session_endings_pkey PRIMARY KEY (account_id, generation)
);

COMMENT ON TABLE session_endings IS 'Endings of all sessions of an account that are still to be written down, session by session.';
COMMENT ON COLUMN session_endings.generation IS 'The generation that the account came to. The sessions of the one before have ended.';
COMMENT ON COLUMN session_endings.kept_session_id IS 'The session that asked, and goes on.';

ALTER TABLE revocations ADD COLUMN generation bigint, ADD COLUMN kept_session_id uuid;

COMMENT ON COLUMN revocations.generation IS 'Of an account: tokens of sessions of earlier generations are void. Null in rows of earlier versions.';
COMMENT ON COLUMN revocations.kept_session_id IS 'Of an account: the session whose tokens stay good, whatever generation they name.';

-- Who was shut out before has none of the sessions of before either when let in again.
UPDATE accounts SET session_generation = 1 WHERE disabled_at IS NOT NULL;
INSERT INTO session_endings (account_id, generation, ended_at)
    SELECT id, session_generation, disabled_at FROM accounts WHERE disabled_at IS NOT NULL;

-- A generation never goes back and skips none. Who is shut out is signed in nowhere, also when let in again.
CREATE FUNCTION portcullis_sessions_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.session_generation := OLD.session_generation + 1;
    RETURN NEW;
END
$$;

CREATE TRIGGER accounts_sessions_end BEFORE UPDATE ON accounts FOR EACH ROW
    WHEN (OLD.session_generation <> NEW.session_generation OR (OLD.disabled_at IS NULL AND NEW.disabled_at IS NOT NULL))
    EXECUTE FUNCTION portcullis_sessions_end();

CREATE OR REPLACE FUNCTION portcullis_account_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        EXECUTE format('INSERT INTO %I.revocations (account_id, generation) VALUES ($1, $2)', TG_TABLE_SCHEMA)
            USING OLD.id, OLD.session_generation + 1;
    ELSIF OLD.session_generation <> NEW.session_generation THEN
        -- Whoever did not say who asked, such as an operator by hand, gets an ending of nobody's.
        EXECUTE format('INSERT INTO %I.session_endings (account_id, generation, ended_at) VALUES ($1, $2, $3) '
            'ON CONFLICT DO NOTHING', TG_TABLE_SCHEMA) USING NEW.id, NEW.session_generation,
            CASE WHEN OLD.disabled_at IS NULL THEN coalesce(NEW.disabled_at, clock_timestamp()) ELSE clock_timestamp() END;
        EXECUTE format('INSERT INTO %1$I.revocations (account_id, generation, kept_session_id) SELECT account_id, generation, '
            'kept_session_id FROM %1$I.session_endings WHERE account_id = $1 AND generation = $2', TG_TABLE_SCHEMA)
            USING NEW.id, NEW.session_generation;
    END IF;
    EXECUTE format('SELECT %I.portcullis_tell($1, $2)', TG_TABLE_SCHEMA) USING TG_RELID, 'account ' || OLD.id;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION portcullis_session_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    current bigint;
BEGIN
    -- What is cleared away is over for everybody by the clock of this server as well: nobody needs to know.
    IF TG_OP = 'DELETE' AND current_setting('portcullis.clean_up', true) = 'on' THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT session_generation FROM %I.accounts WHERE id = $1', TG_TABLE_SCHEMA)
        INTO current USING OLD.account_id;
    -- It ended with all others of its account, or with the account: that is told once for all of them. The account is named again, for
    -- instances of earlier versions, which took the session for a good one until now.
    IF current IS NULL OR OLD.generation < current THEN
        EXECUTE format('SELECT %1$I.portcullis_tell(%2$L::regclass, $1)', TG_TABLE_SCHEMA,
            format('%I.accounts', TG_TABLE_SCHEMA)) USING 'account ' || OLD.account_id;
        RETURN NULL;
    END IF;
    IF (TG_OP = 'DELETE' AND OLD.expires_at > clock_timestamp())
        OR (TG_OP = 'UPDATE' AND OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)
        OR (TG_OP = 'UPDATE' AND NEW.generation < OLD.generation)
        OR (TG_OP = 'UPDATE' AND NEW.expires_at < OLD.expires_at AND NEW.expires_at <= clock_timestamp()) THEN
        EXECUTE format('INSERT INTO %I.revocations (session_id) VALUES ($1)', TG_TABLE_SCHEMA) USING OLD.id;
    END IF;
    EXECUTE format('SELECT %I.portcullis_tell($1, $2)', TG_TABLE_SCHEMA) USING TG_RELID, 'session ' || OLD.id;
    RETURN NULL;
END
$$;

DROP TRIGGER sessions_changed ON sessions;
CREATE TRIGGER sessions_changed AFTER UPDATE ON sessions FOR EACH ROW
    WHEN (OLD.id <> NEW.id OR OLD.account_id <> NEW.account_id OR OLD.expires_at <> NEW.expires_at
        OR OLD.revoked_at IS DISTINCT FROM NEW.revoked_at OR OLD.last_used_at > NEW.last_used_at
        OR OLD.generation <> NEW.generation)
    EXECUTE FUNCTION portcullis_session_changed();

-- Also for what replication and restoring tools change.
ALTER TABLE accounts ENABLE ALWAYS TRIGGER accounts_sessions_end;
ALTER TABLE sessions ENABLE ALWAYS TRIGGER sessions_changed;
ALTER TABLE sessions ENABLE ALWAYS TRIGGER sessions_open;
