ALTER TABLE keys ADD COLUMN activates_at timestamptz;
UPDATE keys SET activates_at = created_at;
ALTER TABLE keys
    ALTER COLUMN activates_at SET NOT NULL,
    ADD CONSTRAINT keys_activates_after_created CHECK (activates_at >= created_at),
    ADD CONSTRAINT keys_algorithm_known CHECK (algorithm IN ('EdDSA', 'ES256', 'RS256', 'HS256'));

COMMENT ON COLUMN keys.activates_at IS 'From when on the key is the one that signs, until a later one is. It is published, and verifies, before that and for a time after.';
