ALTER TABLE audit_events
    DROP CONSTRAINT audit_events_kind_known,
    ADD CONSTRAINT audit_events_kind_known CHECK (kind IN ('registered', 'logged_in', 'login_failed', 'limited',
        'logged_out', 'refresh_token_reused', 'session_revoked', 'password_changed', 'password_change_failed',
        'account_disabled', 'account_enabled', 'account_signed_out', 'account_deleted', 'account_deletion_failed',
        'account_restored', 'email_verification_requested', 'email_verified', 'email_sign_in_requested', 'email_change_requested',
        'email_changed', 'email_change_reverted', 'password_reset_requested', 'password_reset', 'code_failed', 'reauthenticated',
        'reauthentication_failed')) NOT VALID;

CREATE OR REPLACE FUNCTION portcullis_take_back(account uuid, keep uuid[], reverts_until timestamptz, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM passwords p WHERE p.account_id = account;
    UPDATE flows f SET consumed_at = at, data = NULL, code_mac = NULL
    WHERE f.account_id = account AND f.id <> ALL (keep) AND f.consumed_at IS NULL
        AND (f.kind <> 'email_revert' OR f.created_at > reverts_until);
END
$$;

COMMENT ON FUNCTION portcullis_take_back IS 'Ends the password and the open flows of an account, but for reverts of earlier changes.';

DROP FUNCTION portcullis_second_factors;
DROP TABLE recovery_codes;
DROP TABLE totps;
DELETE FROM flows WHERE link_hash IS NULL;
ALTER TABLE flows DROP COLUMN factor_tries;
COMMENT ON COLUMN flows.tries IS 'How many wrong codes were tried.';
COMMENT ON TABLE flows IS 'Steps on the way that wait for what somebody gets by mail.';
COMMENT ON COLUMN flows.email IS 'The address to which the mail went.';
