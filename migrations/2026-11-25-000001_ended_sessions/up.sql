-- A refresh writes its row anew. With room left in each page the new version lies beside the old one and no index is touched,
-- so neither table nor indexes grow with refreshes.
ALTER TABLE sessions SET (fillfactor = 70);

COMMENT ON COLUMN sessions.last_used_at IS 'When the session was opened, refreshed, or used with an access token; the last to within a minute or two.';

-- An account's sessions are listed newest first; ids sort by the time they were made.
CREATE INDEX sessions_account_id_id_idx ON sessions (account_id, id);
DROP INDEX sessions_account_id_idx;

CREATE TABLE audit_events (
    id uuid CONSTRAINT audit_events_pkey PRIMARY KEY,
    kind text NOT NULL,
    account_id uuid NOT NULL,
    session_id uuid,
    occurred_at timestamptz NOT NULL,
    user_agent text,
    ip_address inet,
    CONSTRAINT audit_events_kind_known CHECK (kind IN ('refresh_token_reused'))
);

CREATE INDEX audit_events_account_id_id_idx ON audit_events (account_id, id);

COMMENT ON TABLE audit_events IS 'What happened to accounts. Rows are only added, in the transaction of what they tell.';
COMMENT ON COLUMN audit_events.account_id IS 'No reference: the event outlives the account.';

-- Which history of transactions the numbers of transactions belong to: another after a restore into another cluster, or after
-- a failover, which may have lost some. A server that does not tell one of the two has to do without it: nothing may keep a session
-- from being ended.
CREATE FUNCTION portcullis_history() RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    cluster text := '0';
    timeline text := '0';
BEGIN
    BEGIN
        SELECT system_identifier INTO cluster FROM pg_control_system();
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    BEGIN
        timeline := left(pg_walfile_name(pg_current_wal_lsn()), 8);
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    RETURN cluster || '.' || timeline;
END
$$;

CREATE TABLE revocations (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT revocations_pkey PRIMARY KEY,
    history text NOT NULL DEFAULT portcullis_history(),
    transaction_id bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    session_id uuid,
    account_id uuid,
    revoked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT revocations_one_subject CHECK (num_nonnulls(session_id, account_id) = 1)
);

CREATE INDEX revocations_transaction_id_idx ON revocations (transaction_id);
CREATE INDEX revocations_revoked_at_idx ON revocations (revoked_at);

COMMENT ON TABLE revocations IS 'Whose access tokens are void before they expire. Written by triggers, kept as long as such a token can live.';
COMMENT ON COLUMN revocations.transaction_id IS 'The writing transaction. Rows become visible in another order than that of their ids; a snapshot of transactions tells exactly which a reader has seen.';

-- What an instance remembers of sessions, accounts and keys is corrected by these, whoever makes the change. The channel carries
-- the schema's oid, since several deployments may share a database. Tables are named with their schema: whoever makes the
-- change may have another search_path.

CREATE FUNCTION portcullis_tell(relation oid, change text) RETURNS void LANGUAGE sql AS $$
    SELECT pg_notify('portcullis_' || relnamespace, change) FROM pg_catalog.pg_class WHERE oid = relation
$$;

CREATE FUNCTION portcullis_session_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- What is cleared away is over for everybody by the clock of this server as well: nobody needs to know.
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
CREATE TRIGGER sessions_deleted AFTER DELETE ON sessions FOR EACH ROW
    WHEN (OLD.revoked_at IS NULL) EXECUTE FUNCTION portcullis_session_changed();

CREATE FUNCTION portcullis_account_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.disabled_at IS NULL AND NEW.disabled_at IS NOT NULL) THEN
        EXECUTE format('INSERT INTO %I.revocations (account_id) VALUES ($1)', TG_TABLE_SCHEMA) USING OLD.id;
    END IF;
    EXECUTE format('SELECT %I.portcullis_tell($1, $2)', TG_TABLE_SCHEMA) USING TG_RELID, 'account ' || OLD.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER accounts_changed AFTER UPDATE ON accounts FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION portcullis_account_changed();
CREATE TRIGGER accounts_deleted AFTER DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION portcullis_account_changed();

-- Before sessions are gone all at once: each of them ends. (With accounts go their sessions.)
CREATE FUNCTION portcullis_sessions_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO %1$I.revocations (session_id) SELECT id FROM %1$I.sessions '
        'WHERE revoked_at IS NULL AND expires_at > clock_timestamp()', TG_TABLE_SCHEMA);
    EXECUTE format('SELECT %I.portcullis_tell($1, $2)', TG_TABLE_SCHEMA) USING TG_RELID, 'all';
    RETURN NULL;
END
$$;

CREATE TRIGGER sessions_truncated BEFORE TRUNCATE ON sessions EXECUTE FUNCTION portcullis_sessions_truncated();

CREATE FUNCTION portcullis_keys_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT %I.portcullis_tell($1, $2)', TG_TABLE_SCHEMA) USING TG_RELID, 'keys';
    RETURN NULL;
END
$$;

CREATE TRIGGER keys_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON keys
    EXECUTE FUNCTION portcullis_keys_changed();

-- Also for what replication and restoring tools change.
ALTER TABLE sessions ENABLE ALWAYS TRIGGER sessions_changed;
ALTER TABLE sessions ENABLE ALWAYS TRIGGER sessions_deleted;
ALTER TABLE sessions ENABLE ALWAYS TRIGGER sessions_truncated;
ALTER TABLE accounts ENABLE ALWAYS TRIGGER accounts_changed;
ALTER TABLE accounts ENABLE ALWAYS TRIGGER accounts_deleted;
ALTER TABLE keys ENABLE ALWAYS TRIGGER keys_changed;

CREATE TABLE clean_up (
    task text CONSTRAINT clean_up_pkey PRIMARY KEY,
    due_at timestamptz NOT NULL,
    position uuid NOT NULL
);

INSERT INTO clean_up VALUES ('sessions', '-infinity', '00000000-0000-0000-0000-000000000000');

COMMENT ON TABLE clean_up IS 'Which instance clears away next, and where it goes on: whoever moves due_at has the turn.';
