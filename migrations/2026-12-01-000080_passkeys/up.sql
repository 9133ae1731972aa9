CREATE TABLE passkeys (
    id uuid NOT NULL,
    account_id uuid NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    credential_id bytea NOT NULL,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    is_backup_eligible boolean NOT NULL,
    is_backed_up boolean NOT NULL,
    aaguid uuid,
    transports text[] NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    CONSTRAINT passkeys_pkey PRIMARY KEY (id),
    CONSTRAINT passkeys_credential_id_key UNIQUE (credential_id),
    CONSTRAINT passkeys_credential_id_length CHECK (length(credential_id) BETWEEN 1 AND 1023)
);

CREATE INDEX passkeys_account_id_idx ON passkeys (account_id);

COMMENT ON TABLE passkeys IS 'Passkeys of accounts (WebAuthn Level 3, credential records).';
COMMENT ON COLUMN passkeys.credential_id IS 'By which the authenticator and the client know it.';
COMMENT ON COLUMN passkeys.public_key IS 'In COSE (RFC 9052), as the authenticator wrote it.';
COMMENT ON COLUMN passkeys.sign_count IS 'The greatest that its authenticator has told. 0 if it does not count.';
COMMENT ON COLUMN passkeys.is_backup_eligible IS 'Whether it may be on several devices. This never changes.';
COMMENT ON COLUMN passkeys.is_backed_up IS 'Whether it was, when it was last used.';
COMMENT ON COLUMN passkeys.aaguid IS 'The kind of authenticator, as it says. Nobody has attested it.';
COMMENT ON COLUMN passkeys.transports IS 'By which ways clients reach the authenticator.';
COMMENT ON COLUMN passkeys.name IS 'As its owner named it.';

CREATE TABLE used_challenges (
    nonce uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT used_challenges_pkey PRIMARY KEY (nonce)
);

CREATE INDEX used_challenges_expires_at_idx ON used_challenges (expires_at);

COMMENT ON TABLE used_challenges IS 'Challenges of passkeys that were answered. None is answered twice. Those that nobody answered are not stored.';

DROP FUNCTION portcullis_second_factors;

-- This is a function, because it sees what was committed while its caller waited for the account's row, as a statement does not: a factor
-- that was added in between is asked for.
CREATE FUNCTION portcullis_second_factors(account uuid) RETURNS TABLE (
    is_asked boolean, has_totp boolean, passkeys bytea[], transports text[], recovery_codes_left bigint
)
LANGUAGE plpgsql AS $$
BEGIN
    has_totp := EXISTS (SELECT FROM totps t WHERE t.account_id = account);
    SELECT coalesce(array_agg(p.credential_id ORDER BY p.id), '{}'),
        coalesce(array_agg(array_to_string(p.transports, ' ') ORDER BY p.id), '{}')
    INTO passkeys, transports FROM passkeys p WHERE p.account_id = account;
    is_asked := has_totp OR cardinality(passkeys) > 0;
    recovery_codes_left := 0;
    IF is_asked THEN
        SELECT count(*) INTO recovery_codes_left FROM recovery_codes c WHERE c.account_id = account AND c.used_at IS NULL;
    END IF;
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION portcullis_second_factors IS 'What an account is asked for besides the first step of a sign-in, and by which passkeys.';

-- This is a function for the same reason: what was added while its caller waited goes as well.
CREATE FUNCTION portcullis_remove_factors(account uuid, added_since timestamptz DEFAULT '-infinity') RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    kinds text[];
BEGIN
    WITH removed_apps AS (
        DELETE FROM totps t WHERE t.account_id = account AND t.created_at > added_since RETURNING 'totp_removed' AS kind
    ),
    removed_passkeys AS (
        DELETE FROM passkeys k WHERE k.account_id = account AND k.created_at > added_since RETURNING 'passkey_removed' AS kind
    )
    SELECT coalesce(array_agg(removed.kind), '{}') INTO kinds
    FROM (SELECT kind FROM removed_apps UNION ALL SELECT kind FROM removed_passkeys) removed;
    DELETE FROM recovery_codes c WHERE c.account_id = account;
    RETURN kinds;
END
$$;

COMMENT ON FUNCTION portcullis_remove_factors IS 'Removes the second factors of an account that were added since then, and all recovery codes. Returns the kind of event of each factor. The caller has locked the account.';

-- The same as before, and passkeys go too.
CREATE OR REPLACE FUNCTION portcullis_take_back(account uuid, keep uuid[], reverts_until timestamptz, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM passwords p WHERE p.account_id = account;
    INSERT INTO audit_events (id, occurred_at, kind, account_id)
    SELECT portcullis_event_id(at), at, removed.kind, account
    FROM unnest(portcullis_remove_factors(account, reverts_until - interval '7 days')) AS removed (kind);
    UPDATE flows f SET consumed_at = at, data = NULL, code_mac = NULL
    WHERE f.account_id = account AND f.id <> ALL (keep) AND f.consumed_at IS NULL
        AND (f.kind <> 'email_revert' OR f.created_at > reverts_until);
END
$$;

ALTER TABLE audit_events
    DROP CONSTRAINT audit_events_kind_known,
    ADD CONSTRAINT audit_events_kind_known CHECK (kind IN ('registered', 'logged_in', 'login_failed', 'limited',
        'logged_out', 'refresh_token_reused', 'session_revoked', 'password_changed', 'password_change_failed',
        'account_disabled', 'account_enabled', 'account_signed_out', 'account_deleted', 'account_deletion_failed',
        'account_restored', 'email_verification_requested', 'email_verified', 'email_sign_in_requested', 'email_change_requested',
        'email_changed', 'email_change_reverted', 'password_reset_requested', 'password_reset', 'code_failed', 'reauthenticated',
        'reauthentication_failed', 'totp_added', 'totp_removed', 'recovery_code_used', 'recovery_codes_replaced',
        'second_factor_failed', 'totp_used', 'passkey_added', 'passkey_removed', 'passkey_renamed', 'passkey_used',
        'passkey_sign_count_fell', 'device_trusted', 'devices_forgotten', 'account_recovered')) NOT VALID;
