CREATE TABLE sessions (
    id uuid CONSTRAINT sessions_pkey PRIMARY KEY,
    account_id uuid NOT NULL CONSTRAINT sessions_account_id_fkey REFERENCES accounts (id) ON DELETE CASCADE,
    refresh_counter bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    user_agent text,
    ip_address inet,
    CONSTRAINT sessions_refresh_counter_positive CHECK (refresh_counter > 0),
    CONSTRAINT sessions_expires_after_created CHECK (expires_at > created_at)
);

CREATE INDEX sessions_account_id_idx ON sessions (account_id);

COMMENT ON TABLE sessions IS 'One row a session, however often it is refreshed.';
COMMENT ON COLUMN sessions.refresh_counter IS 'The counter in the one refresh token that is current.';
COMMENT ON COLUMN sessions.last_used_at IS 'When the session was opened or last refreshed.';
COMMENT ON COLUMN sessions.revoked_at IS 'Set once, never cleared: the session has ended.';
