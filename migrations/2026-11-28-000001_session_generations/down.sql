-- What ended with its generation ends by itself.
UPDATE sessions SET revoked_at = now() FROM accounts
    WHERE accounts.id = sessions.account_id AND generation < session_generation AND revoked_at IS NULL;

DROP TRIGGER accounts_sessions_end ON accounts;
DROP TRIGGER sessions_open ON sessions;
DROP TRIGGER sessions_changed ON sessions;
DROP FUNCTION portcullis_sessions_end, portcullis_session_opens;

CREATE OR REPLACE FUNCTION portcullis_account_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.disabled_at IS NULL AND NEW.disabled_at IS NOT NULL) THEN
        EXECUTE format('INSERT INTO %I.revocations (account_id) VALUES ($1)', TG_TABLE_SCHEMA) USING OLD.id;
    END IF;
    EXECUTE format('SELECT %I.portcullis_tell($1, $2)', TG_TABLE_SCHEMA) USING TG_RELID, 'account ' || OLD.id;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION portcullis_session_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('portcullis.clean_up', true) = 'on' THEN
        RETURN NULL;
    END IF;
    IF (TG_OP = 'DELETE' AND OLD.expires_at > clock_timestamp())
        OR (TG_OP = 'UPDATE' AND OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)
        OR (TG_OP = 'UPDATE' AND NEW.expires_at < OLD.expires_at AND NEW.expires_at <= clock_timestamp()) THEN
        EXECUTE format('INSERT INTO %I.revocations (session_id) VALUES ($1)', TG_TABLE_SCHEMA) USING OLD.id;
    END IF;
    EXECUTE format('SELECT %I.portcullis_tell($1, $2)', TG_TABLE_SCHEMA) USING TG_RELID, 'session ' || OLD.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER sessions_changed AFTER UPDATE ON sessions FOR EACH ROW
    WHEN (OLD.id <> NEW.id OR OLD.account_id <> NEW.account_id OR OLD.expires_at <> NEW.expires_at
        OR OLD.revoked_at IS DISTINCT FROM NEW.revoked_at OR OLD.last_used_at > NEW.last_used_at)
    EXECUTE FUNCTION portcullis_session_changed();
ALTER TABLE sessions ENABLE ALWAYS TRIGGER sessions_changed;

DROP TABLE session_endings;
ALTER TABLE revocations DROP COLUMN generation, DROP COLUMN kept_session_id;
ALTER TABLE sessions DROP COLUMN generation, DROP COLUMN ended_in;
ALTER TABLE accounts DROP COLUMN session_generation;
