DROP TABLE mails;
DROP FUNCTION portcullis_mail_written;
DROP FUNCTION portcullis_take_back;
DROP TABLE flows;
ALTER TABLE accounts DROP COLUMN email_verified_at;

ALTER TABLE audit_events
    DROP CONSTRAINT audit_events_kind_known,
    ADD CONSTRAINT audit_events_kind_known CHECK (kind IN ('registered', 'logged_in', 'login_failed', 'limited',
        'logged_out', 'refresh_token_reused', 'session_revoked', 'password_changed', 'password_change_failed',
        'account_disabled', 'account_enabled', 'account_signed_out', 'account_deleted', 'account_deletion_failed',
        'account_restored')) NOT VALID;
