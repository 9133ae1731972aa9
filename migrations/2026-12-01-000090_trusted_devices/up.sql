CREATE TABLE trusted_devices (
    account_id uuid NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    device_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    user_agent text,
    ip_address inet,
    CONSTRAINT trusted_devices_pkey PRIMARY KEY (account_id, device_id)
);

CREATE INDEX trusted_devices_expires_at_idx ON trusted_devices (expires_at);

COMMENT ON TABLE trusted_devices IS 'Devices on which an account is signed in to without its second factor. A device shows its device token, whose signature is checked.';
COMMENT ON COLUMN trusted_devices.device_id IS 'The id in the device token. It is a new one each time that a device is trusted.';
COMMENT ON COLUMN trusted_devices.created_at IS 'When the second factor was shown on it.';
COMMENT ON COLUMN trusted_devices.last_used_at IS 'When it last took the place of the second factor.';
COMMENT ON COLUMN trusted_devices.user_agent IS 'Of the client that it was when it came to be trusted.';

-- These are triggers, so that no statement can forget it: not one of the release before, nor one that an operator types.
CREATE FUNCTION portcullis_forget_devices() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    account uuid;
BEGIN
    IF TG_TABLE_NAME = 'accounts' THEN
        account := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        account := OLD.account_id;
    ELSE
        account := NEW.account_id;
    END IF;
    EXECUTE format('DELETE FROM %I.trusted_devices WHERE account_id = $1', TG_TABLE_SCHEMA) USING account;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION portcullis_forget_devices IS 'Ends the trust in the devices of an account. Whatever ends all its sessions does, and whatever changes its second factors.';

CREATE TRIGGER accounts_devices_forgotten AFTER UPDATE ON accounts FOR EACH ROW
    WHEN (OLD.session_generation <> NEW.session_generation) EXECUTE FUNCTION portcullis_forget_devices();
CREATE TRIGGER totps_devices_forgotten AFTER INSERT OR DELETE OR UPDATE OF created_at ON totps FOR EACH ROW
    EXECUTE FUNCTION portcullis_forget_devices();
CREATE TRIGGER passkeys_devices_forgotten AFTER INSERT OR DELETE ON passkeys FOR EACH ROW
    EXECUTE FUNCTION portcullis_forget_devices();
CREATE TRIGGER recovery_codes_devices_forgotten AFTER INSERT OR DELETE OR UPDATE OF hash ON recovery_codes FOR EACH ROW
    EXECUTE FUNCTION portcullis_forget_devices();

CREATE FUNCTION portcullis_bound_trusted_devices() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('DELETE FROM %1$I.trusted_devices WHERE account_id = $1 AND device_id IN ('
        'SELECT device_id FROM %1$I.trusted_devices WHERE account_id = $1 AND device_id <> $2 '
        'ORDER BY last_used_at DESC, device_id OFFSET 19)', TG_TABLE_SCHEMA) USING NEW.account_id, NEW.device_id;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION portcullis_bound_trusted_devices IS 'An account trusts 20 devices at the most. One more ends the trust in the least recently used.';

CREATE TRIGGER trusted_devices_bounded AFTER INSERT ON trusted_devices FOR EACH ROW
    EXECUTE FUNCTION portcullis_bound_trusted_devices();

ALTER TABLE accounts ENABLE ALWAYS TRIGGER accounts_devices_forgotten;
ALTER TABLE totps ENABLE ALWAYS TRIGGER totps_devices_forgotten;
ALTER TABLE passkeys ENABLE ALWAYS TRIGGER passkeys_devices_forgotten;
ALTER TABLE recovery_codes ENABLE ALWAYS TRIGGER recovery_codes_devices_forgotten;
ALTER TABLE trusted_devices ENABLE ALWAYS TRIGGER trusted_devices_bounded;

REVOKE ALL ON FUNCTION portcullis_forget_devices(), portcullis_bound_trusted_devices() FROM PUBLIC;
