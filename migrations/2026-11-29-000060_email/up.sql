ALTER TABLE accounts ADD COLUMN email_verified_at timestamptz;

COMMENT ON COLUMN accounts.email_verified_at IS 'Since when it is proven that mails to this address reach its owner. Null if it is not.';

CREATE TABLE flows (
    id uuid NOT NULL,
    kind text NOT NULL,
    link_kind text NOT NULL,
    account_id uuid REFERENCES accounts (id) ON DELETE CASCADE,
    email text NOT NULL,
    locale text NOT NULL,
    token_hash bytea NOT NULL,
    link_hash bytea,
    code_mac bytea,
    code_expires_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    data bytea,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    consumed_at timestamptz,
    user_agent text,
    ip_address inet,
    CONSTRAINT flows_pkey PRIMARY KEY (id),
    CONSTRAINT flows_token_hash_key UNIQUE (token_hash),
    CONSTRAINT flows_link_hash_key UNIQUE (link_hash)
);

CREATE INDEX flows_account_id_idx ON flows (account_id);
CREATE INDEX flows_email_idx ON flows (lower(email COLLATE "C"), created_at);
CREATE INDEX flows_ended_at_idx ON flows (least(expires_at, consumed_at));

COMMENT ON TABLE flows IS 'Steps on the way that wait for what somebody gets by mail.';
COMMENT ON COLUMN flows.kind IS 'What the code leads to, with the token of whoever began it.';
COMMENT ON COLUMN flows.link_kind IS 'What the link leads to.';
COMMENT ON COLUMN flows.account_id IS 'Null where no account has the address: for others such a flow looks like any.';
COMMENT ON COLUMN flows.email IS 'The address to which the mail went.';
COMMENT ON COLUMN flows.token_hash IS 'SHA-256 of the token of the client that began it.';
COMMENT ON COLUMN flows.link_hash IS 'SHA-256 of the token in the link of the mail.';
COMMENT ON COLUMN flows.code_mac IS 'HMAC of the code in the mail.';
COMMENT ON COLUMN flows.tries IS 'How many wrong codes were tried.';
COMMENT ON COLUMN flows.data IS 'What it keeps until it was used, sealed; null afterwards.';

-- The owner of an account took it back: nothing of whoever had it in between stays. This is a function, because it sees what was
-- committed while its caller waited for the account's row, as a statement does not.
CREATE FUNCTION portcullis_take_back(account uuid, keep uuid[], reverts_until timestamptz, at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM passwords p WHERE p.account_id = account;
    UPDATE flows f SET consumed_at = at, data = NULL, code_mac = NULL
    WHERE f.account_id = account AND f.id <> ALL (keep) AND f.consumed_at IS NULL
        AND (f.kind <> 'email_revert' OR f.created_at > reverts_until);
END
$$;

COMMENT ON FUNCTION portcullis_take_back IS 'Ends the password and the open flows of an account, but for reverts of earlier changes.';

CREATE TABLE mails (
    id uuid NOT NULL,
    kind text NOT NULL,
    account_id uuid REFERENCES accounts (id) ON DELETE CASCADE,
    recipient text,
    locale text NOT NULL,
    content bytea,
    created_at timestamptz NOT NULL,
    due_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    sent_at timestamptz,
    failed_at timestamptz,
    error text,
    CONSTRAINT mails_pkey PRIMARY KEY (id),
    CONSTRAINT mails_due_or_over CHECK ((due_at IS NULL) = (sent_at IS NOT NULL OR failed_at IS NOT NULL))
);

CREATE INDEX mails_due_at_idx ON mails (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX mails_account_id_idx ON mails (account_id);
CREATE INDEX mails_created_at_idx ON mails (created_at);

COMMENT ON TABLE mails IS 'Mails to be sent, and those that were sent or given up a short time ago.';
COMMENT ON COLUMN mails.recipient IS 'Null where nobody gets one: asking for it has to take as long, so it is written and dropped.';
COMMENT ON COLUMN mails.content IS 'What the mail tells, sealed; null once it was sent.';
COMMENT ON COLUMN mails.due_at IS 'When it is tried next. Null once it was sent or given up.';
COMMENT ON COLUMN mails.error IS 'Why the last attempt failed. Null while one goes on.';

-- Each instance listens, and whoever is first sends. It is a channel of its own, because instances forget all sessions when
-- they read something unknown on the other one.
CREATE FUNCTION portcullis_mail_written() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('portcullis_mail_' || (SELECT relnamespace FROM pg_class WHERE oid = TG_RELID), '');
    RETURN NULL;
END
$$;

CREATE TRIGGER mails_written AFTER INSERT OR UPDATE OF due_at ON mails FOR EACH ROW
    WHEN (NEW.due_at IS NOT NULL AND NEW.attempts = 0) EXECUTE FUNCTION portcullis_mail_written();

ALTER TABLE audit_events
    DROP CONSTRAINT audit_events_kind_known,
    ADD CONSTRAINT audit_events_kind_known CHECK (kind IN ('registered', 'logged_in', 'login_failed', 'limited',
        'logged_out', 'refresh_token_reused', 'session_revoked', 'password_changed', 'password_change_failed',
        'account_disabled', 'account_enabled', 'account_signed_out', 'account_deleted', 'account_deletion_failed',
        'account_restored', 'email_verification_requested', 'email_verified', 'email_sign_in_requested', 'email_change_requested',
        'email_changed', 'email_change_reverted', 'password_reset_requested', 'password_reset', 'code_failed', 'reauthenticated',
        'reauthentication_failed')) NOT VALID;
