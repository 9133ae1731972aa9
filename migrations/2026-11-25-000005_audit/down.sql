DROP TRIGGER audit_events_append_only ON audit_events;
DROP TRIGGER audit_events_not_truncated ON audit_events;
DROP FUNCTION portcullis_audit_is_append_only;
DELETE FROM audit_events WHERE kind <> 'refresh_token_reused';
ALTER TABLE audit_events
    DROP COLUMN request_id,
    DROP CONSTRAINT audit_events_kind_known,
    ADD CONSTRAINT audit_events_kind_known CHECK (kind IN ('refresh_token_reused')),
    ALTER COLUMN account_id SET NOT NULL;
DROP FUNCTION portcullis_event_id;
