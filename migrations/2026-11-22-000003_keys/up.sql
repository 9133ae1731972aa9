CREATE TABLE keys (
    id uuid CONSTRAINT keys_pkey PRIMARY KEY,
    purpose text NOT NULL,
    algorithm text NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT keys_purpose_known CHECK (purpose IN ('access_token', 'refresh_token'))
);

COMMENT ON TABLE keys IS 'Shared by all instances of one deployment.';
COMMENT ON COLUMN keys.id IS 'The kid in a token''s header.';
COMMENT ON COLUMN keys.purpose IS 'access_token: signs JWTs. refresh_token: derives the key of each session.';
COMMENT ON COLUMN keys.algorithm IS 'JWS algorithm (RFC 7518, RFC 8037).';
COMMENT ON COLUMN keys.sealed IS 'AES-256-GCM under a key derived from PORTCULLIS_SECRET: 12 bytes of nonce, ciphertext, tag.';
