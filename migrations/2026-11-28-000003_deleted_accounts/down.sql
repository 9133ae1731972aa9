-- Names that others have meanwhile are not given back.
DELETE FROM accounts WHERE deleted_at IS NOT NULL;

CREATE OR REPLACE FUNCTION portcullis_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('portcullis.clean_up', true) = 'on'
        AND OLD.occurred_at < clock_timestamp() - interval '1 day' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

DROP INDEX audit_events_deletions_idx;
ALTER TABLE accounts DROP COLUMN deleted_at, DROP COLUMN deleted_email, DROP COLUMN deleted_username;
