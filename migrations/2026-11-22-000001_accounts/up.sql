CREATE TABLE accounts (
    id uuid CONSTRAINT accounts_pkey PRIMARY KEY,
    email text NOT NULL,
    username text,
    password_hash text NOT NULL,
    roles text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    disabled_at timestamptz,
    CONSTRAINT accounts_email_length CHECK (octet_length(email) BETWEEN 3 AND 254),
    CONSTRAINT accounts_username_length CHECK (octet_length(username) BETWEEN 3 AND 32),
    CONSTRAINT accounts_roles_not_null CHECK (array_position(roles, NULL) IS NULL)
);

-- The folding is ASCII only and independent of the database's locale (a Turkish one would fold I to ı).
CREATE UNIQUE INDEX accounts_email_key ON accounts (lower(email COLLATE "C"));
CREATE UNIQUE INDEX accounts_username_key ON accounts (lower(username COLLATE "C"));

COMMENT ON COLUMN accounts.email IS 'As typed, the domain in its ASCII form; unique without regard to case.';
COMMENT ON COLUMN accounts.username IS 'As typed; unique without regard to case.';
COMMENT ON COLUMN accounts.password_hash IS 'Argon2id, PHC string format.';
COMMENT ON COLUMN accounts.roles IS 'Shown in the access token''s claim of that name. Set by operators.';
COMMENT ON COLUMN accounts.disabled_at IS 'Set by operators: from then on neither password nor token is accepted.';
