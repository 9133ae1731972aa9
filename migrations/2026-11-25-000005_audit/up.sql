-- Made by the database, since one statement may tell of many things: UUIDv7 (RFC 9562), so ids sort by time.
CREATE FUNCTION portcullis_event_id(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
        substring(int8send(floor(extract(epoch FROM at) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;

ALTER TABLE audit_events
    ALTER COLUMN account_id DROP NOT NULL,
    ADD COLUMN request_id text,
    DROP CONSTRAINT audit_events_kind_known,
    ADD CONSTRAINT audit_events_kind_known CHECK (kind IN ('registered', 'logged_in', 'login_failed', 'limited',
        'logged_out', 'refresh_token_reused', 'session_revoked', 'password_changed', 'password_change_failed',
        'account_disabled', 'account_enabled'));

COMMENT ON COLUMN audit_events.account_id IS 'No reference: the event outlives the account. Null for a login to an account that does not exist.';
COMMENT ON COLUMN audit_events.request_id IS 'Finds the request in the log.';

-- Nobody rewrites what happened. What is old is cleared away, under this setting; a day is the least that can be set.
CREATE FUNCTION portcullis_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('portcullis.clean_up', true) = 'on'
        AND OLD.occurred_at < clock_timestamp() - interval '1 day' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON audit_events FOR EACH ROW
    EXECUTE FUNCTION portcullis_audit_is_append_only();
CREATE TRIGGER audit_events_not_truncated BEFORE TRUNCATE ON audit_events
    EXECUTE FUNCTION portcullis_audit_is_append_only();

ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_append_only;
ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_not_truncated;
