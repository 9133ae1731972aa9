ALTER TABLE audit_events
    DROP CONSTRAINT audit_events_kind_known,
    ADD CONSTRAINT audit_events_kind_known CHECK (kind IN ('registered', 'logged_in', 'login_failed', 'limited',
        'logged_out', 'refresh_token_reused', 'session_revoked', 'password_changed', 'password_change_failed',
        'account_disabled', 'account_enabled', 'account_signed_out', 'account_deleted', 'account_deletion_failed',
        'account_restored', 'email_verification_requested', 'email_verified', 'email_sign_in_requested', 'email_change_requested',
        'email_changed', 'email_change_reverted', 'password_reset_requested', 'password_reset', 'code_failed', 'reauthenticated',
        'reauthentication_failed', 'totp_added', 'totp_removed', 'recovery_code_used', 'recovery_codes_replaced',
        'second_factor_failed')) NOT VALID;

CREATE OR REPLACE FUNCTION portcullis_take_back(account uuid, keep uuid[], reverts_until timestamptz, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM passwords p WHERE p.account_id = account;
    WITH removed AS (
        DELETE FROM totps t WHERE t.account_id = account AND t.created_at > reverts_until - interval '7 days' RETURNING t.account_id
    )
    INSERT INTO audit_events (id, occurred_at, kind, account_id)
    SELECT portcullis_event_id(at), at, 'totp_removed', removed.account_id FROM removed;
    DELETE FROM recovery_codes c WHERE c.account_id = account;
    UPDATE flows f SET consumed_at = at, data = NULL, code_mac = NULL
    WHERE f.account_id = account AND f.id <> ALL (keep) AND f.consumed_at IS NULL
        AND (f.kind <> 'email_revert' OR f.created_at > reverts_until);
END
$$;

DROP FUNCTION portcullis_remove_factors;
DROP FUNCTION portcullis_second_factors;

CREATE FUNCTION portcullis_second_factors(account uuid) RETURNS TABLE (has_totp boolean, recovery_codes_left bigint)
LANGUAGE plpgsql AS $$
BEGIN
    has_totp := EXISTS (SELECT FROM totps t WHERE t.account_id = account);
    recovery_codes_left := 0;
    IF has_totp THEN
        SELECT count(*) INTO recovery_codes_left FROM recovery_codes c WHERE c.account_id = account AND c.used_at IS NULL;
    END IF;
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION portcullis_second_factors IS 'What an account is asked for besides the first step of a sign-in.';

DROP TABLE used_challenges;
DROP TABLE passkeys;
