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

CREATE TABLE revocations (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT revocations_pkey PRIMARY KEY,
    transaction_id bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    session_id uuid,
    account_id uuid,
    revoked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT revocations_one_subject CHECK (num_nonnulls(session_id, account_id) = 1)
);

CREATE INDEX revocations_transaction_id_idx ON revocations (transaction_id);

COMMENT ON TABLE revocations IS 'Whose access tokens are void before they expire. Written by triggers, kept as long as such a token can live.';
COMMENT ON COLUMN revocations.transaction_id IS 'The writing transaction. Rows become visible in another order than that of their ids; a snapshot of transactions tells exactly which a reader has seen.';

-- What an instance remembers of sessions, accounts and keys is corrected by these, whoever makes the change. The channel carries
-- the schema's oid, since several deployments may share a database.

CREATE FUNCTION portcullis_session_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- What is cleared away ended long ago.
    IF TG_OP = 'DELETE' AND current_setting('portcullis.clean_up', true) = 'on' THEN
        RETURN NULL;
    END IF;
    -- By name of the schema: whoever makes the change may have another search_path.
    IF (TG_OP = 'DELETE' AND OLD.expires_at > clock_timestamp())
        OR (TG_OP = 'UPDATE' AND OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)
        OR (TG_OP = 'UPDATE' AND NEW.expires_at < OLD.expires_at AND NEW.expires_at <= clock_timestamp()) THEN
        EXECUTE format('INSERT INTO %I.revocations (session_id) VALUES ($1)', TG_TABLE_SCHEMA) USING OLD.id;
    END IF;
    PERFORM pg_notify('portcullis_' || (SELECT relnamespace FROM pg_class WHERE oid = TG_RELID), 'session ' || OLD.id);
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
    PERFORM pg_notify('portcullis_' || (SELECT relnamespace FROM pg_class WHERE oid = TG_RELID), 'account ' || OLD.id);
    RETURN NULL;
END
$$;

CREATE TRIGGER accounts_changed AFTER UPDATE ON accounts FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION portcullis_account_changed();
CREATE TRIGGER accounts_deleted AFTER DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION portcullis_account_changed();

-- For statements that change no row one by one, or whose rows do not matter: the argument is what is told.
CREATE FUNCTION portcullis_table_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('portcullis_' || (SELECT relnamespace FROM pg_class WHERE oid = TG_RELID), TG_ARGV[0]);
    RETURN NULL;
END
$$;

CREATE TRIGGER sessions_truncated AFTER TRUNCATE ON sessions EXECUTE FUNCTION portcullis_table_changed('all');
CREATE TRIGGER accounts_truncated AFTER TRUNCATE ON accounts EXECUTE FUNCTION portcullis_table_changed('all');
CREATE TRIGGER keys_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON keys
    EXECUTE FUNCTION portcullis_table_changed('keys');

CREATE TABLE clean_up (
    task text CONSTRAINT clean_up_pkey PRIMARY KEY,
    due_at timestamptz NOT NULL,
    position uuid NOT NULL
);

INSERT INTO clean_up VALUES ('sessions', '-infinity', '00000000-0000-0000-0000-000000000000');

COMMENT ON TABLE clean_up IS 'Which instance clears away next, and where it goes on: whoever moves due_at has the turn.';
