ALTER TABLE accounts
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN deleted_email text,
    ADD COLUMN deleted_username text;

COMMENT ON COLUMN accounts.deleted_at IS 'When the account was deleted. It is disabled, its names are free, and its row is removed when it was kept long enough.';
COMMENT ON COLUMN accounts.deleted_email IS 'The e-mail address of before, if the account is kept: it may be restored while nobody else has it.';
COMMENT ON COLUMN accounts.deleted_username IS 'The username of before, if the account is kept.';

CREATE INDEX accounts_deleted_at_idx ON accounts (deleted_at, id) WHERE deleted_at IS NOT NULL;

ALTER TABLE audit_events
    DROP CONSTRAINT audit_events_kind_known,
    ADD CONSTRAINT audit_events_kind_known CHECK (kind IN ('registered', 'logged_in', 'login_failed', 'limited',
        'logged_out', 'refresh_token_reused', 'session_revoked', 'password_changed', 'password_change_failed',
        'account_disabled', 'account_enabled', 'account_signed_out', 'account_deleted', 'account_deletion_failed',
        'account_restored'));

-- Whether an account is deleted is asked for each event that is stripped.
CREATE INDEX audit_events_deletions_idx ON audit_events (account_id) WHERE kind IN ('account_deleted', 'account_restored');

-- Nobody rewrites what happened. What is old is cleared away, under a setting; a day is the least that can be set. Under another
-- setting, which names a deleted account, its events lose what tells of its owner, and nothing else of them changes. Whoever may
-- change accounts can make one look deleted; so the events have to say it as well, which are there to stay.
CREATE OR REPLACE FUNCTION portcullis_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    telling CONSTANT text[] := '{user_agent,ip_address,request_id}';
    is_deleted boolean;
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('portcullis.clean_up', true) = 'on'
        AND OLD.occurred_at < clock_timestamp() - interval '1 day' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND current_setting('portcullis.strip_account', true) = OLD.account_id::text
        AND NEW.user_agent IS NULL AND NEW.ip_address IS NULL AND NEW.request_id IS NULL
        AND to_jsonb(NEW) - telling = to_jsonb(OLD) - telling THEN
        -- An account is deleted and restored in turns. Their number tells which was last, whatever the clocks say.
        EXECUTE format('SELECT a.deleted_at IS NOT NULL AND (SELECT count(*) FILTER (WHERE kind = ''account_deleted'') '
            '> count(*) FILTER (WHERE kind = ''account_restored'') FROM %1$I.audit_events e '
            'WHERE e.account_id = a.id AND kind IN (''account_deleted'', ''account_restored'')) '
            'FROM %1$I.accounts a WHERE a.id = $1', TG_TABLE_SCHEMA) INTO is_deleted USING OLD.account_id;
        IF is_deleted THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
