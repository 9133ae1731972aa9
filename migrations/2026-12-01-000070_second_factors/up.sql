CREATE TABLE totps (
    account_id uuid NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    secret bytea NOT NULL,
    created_at timestamptz NOT NULL,
    last_step bigint NOT NULL,
    CONSTRAINT totps_pkey PRIMARY KEY (account_id)
);

COMMENT ON TABLE totps IS 'What authenticator apps make codes from (RFC 6238). One that is not confirmed yet stands in a flow.';
COMMENT ON COLUMN totps.secret IS 'The secret that the app shares, sealed to the account.';
COMMENT ON COLUMN totps.created_at IS 'When it was confirmed.';
COMMENT ON COLUMN totps.last_step IS 'The time step of the last code that was accepted. No code of this step or of an earlier one is accepted again.';

CREATE TABLE recovery_codes (
    account_id uuid NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    slot smallint NOT NULL,
    hash text NOT NULL,
    used_at timestamptz,
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (account_id, slot)
);

COMMENT ON TABLE recovery_codes IS 'Codes for whoever has lost the other second factors. Each is used once.';
COMMENT ON COLUMN recovery_codes.slot IS 'Which of the codes it is. The code begins with it.';
COMMENT ON COLUMN recovery_codes.hash IS 'Argon2id of the code.';

-- This is a function, because it sees what was committed while its caller waited for the account's row, as a statement does not: a factor
-- that was added in between is asked for.
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

-- The same as before, and what somebody who had the account signs in with goes too: the recovery codes, which may have been replaced, and
-- an authenticator app that was added since the change or up to seven days before, which is as long as a change can be reverted. Whoever
-- changes the address had the account before. An older app is taken to be the owner's.
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

COMMENT ON FUNCTION portcullis_take_back IS 'Ends the password, the second factors that were added since seven days before, and the open flows of an account, but for reverts of earlier changes.';

ALTER TABLE flows ADD COLUMN factor_tries integer NOT NULL DEFAULT 0;

COMMENT ON COLUMN flows.tries IS 'How many wrong codes were tried of those that came by mail, or of an authenticator app that is added.';
COMMENT ON COLUMN flows.factor_tries IS 'How many tries of a second factor of the account were taken. They are counted apart, so that nobody who asks for a mail uses up those of its reader.';
COMMENT ON TABLE flows IS 'Steps on the way that wait for what somebody gets by mail, or for a code of an authenticator app.';
COMMENT ON COLUMN flows.email IS 'The address to which the mail went, or that the account had.';

ALTER TABLE audit_events
    DROP CONSTRAINT audit_events_kind_known,
    ADD CONSTRAINT audit_events_kind_known CHECK (kind IN ('registered', 'logged_in', 'login_failed', 'limited',
        'logged_out', 'refresh_token_reused', 'session_revoked', 'password_changed', 'password_change_failed',
        'account_disabled', 'account_enabled', 'account_signed_out', 'account_deleted', 'account_deletion_failed',
        'account_restored', 'email_verification_requested', 'email_verified', 'email_sign_in_requested', 'email_change_requested',
        'email_changed', 'email_change_reverted', 'password_reset_requested', 'password_reset', 'code_failed', 'reauthenticated',
        'reauthentication_failed', 'totp_added', 'totp_removed', 'recovery_code_used', 'recovery_codes_replaced',
        'second_factor_failed')) NOT VALID;
