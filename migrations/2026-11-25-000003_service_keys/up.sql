CREATE TABLE service_keys (
    id uuid CONSTRAINT service_keys_pkey PRIMARY KEY,
    name text NOT NULL,
    hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT service_keys_name_length CHECK (char_length(name) BETWEEN 1 AND 100),
    CONSTRAINT service_keys_hash_length CHECK (octet_length(hash) = 32)
);

COMMENT ON TABLE service_keys IS 'With which backends identify themselves.';
COMMENT ON COLUMN service_keys.hash IS 'SHA-256 of the secret part, which has 256 random bits.';
