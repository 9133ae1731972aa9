ALTER TABLE accounts ADD COLUMN password_hash text, ADD COLUMN password_changed_at timestamptz;

UPDATE accounts SET password_hash = p.hash, password_changed_at = p.changed_at FROM passwords p WHERE p.account_id = accounts.id;
UPDATE accounts SET password_hash = '$argon2id$v=19$m=19456,t=2,p=1$bm8gcGFzc3dvcmQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    WHERE password_hash IS NULL;
ALTER TABLE accounts ALTER COLUMN password_hash SET NOT NULL;

COMMENT ON COLUMN accounts.password_hash IS 'Argon2id, PHC string format.';
COMMENT ON COLUMN accounts.password_changed_at IS 'When the password was last changed, later each time; null if never. A hash of the same password at another cost is no change.';

-- Instances of the release before write accounts.password_hash, and those of this one write passwords. Each finds what the other wrote.
-- They run with the rights of who migrates: a role of the release before has none on the new table. Whoever writes may have another
-- search_path, so tables are named with their schema.

-- An account without a password. Those of the release before read a hash in any case: no password has this one, and comparing one
-- with it takes as long as with any other.
CREATE FUNCTION portcullis_account_without_password() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.password_hash := '$argon2id$v=19$m=19456,t=2,p=1$bm8gcGFzc3dvcmQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
    RETURN NEW;
END
$$;

CREATE TRIGGER accounts_without_password BEFORE INSERT OR UPDATE OF password_hash ON accounts FOR EACH ROW
    WHEN (NEW.password_hash IS NULL) EXECUTE FUNCTION portcullis_account_without_password();

CREATE FUNCTION portcullis_account_password_written() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.password_hash = '' OR NEW.password_hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$bm8gcGFzc3dvcmQ$%' THEN
        EXECUTE format('DELETE FROM %I.passwords WHERE account_id = $1', TG_TABLE_SCHEMA) USING NEW.id;
    ELSE
        EXECUTE format('INSERT INTO %I.passwords AS p (account_id, hash, changed_at) VALUES ($1, $2, $3) '
            'ON CONFLICT (account_id) DO UPDATE SET hash = EXCLUDED.hash, changed_at = EXCLUDED.changed_at '
            'WHERE (p.hash, p.changed_at) IS DISTINCT FROM (EXCLUDED.hash, EXCLUDED.changed_at)', TG_TABLE_SCHEMA)
            USING NEW.id, NEW.password_hash, coalesce(NEW.password_changed_at, NEW.created_at);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER accounts_password_inserted AFTER INSERT ON accounts FOR EACH ROW
    WHEN (NEW.password_hash NOT LIKE '$argon2id$v=19$m=19456,t=2,p=1$bm8gcGFzc3dvcmQ$%')
    EXECUTE FUNCTION portcullis_account_password_written();
CREATE TRIGGER accounts_password_updated AFTER UPDATE ON accounts FOR EACH ROW
    WHEN (OLD.password_hash <> NEW.password_hash OR OLD.password_changed_at IS DISTINCT FROM NEW.password_changed_at)
    EXECUTE FUNCTION portcullis_account_password_written();

CREATE FUNCTION portcullis_password_written() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        EXECUTE format('UPDATE %I.accounts SET password_hash = NULL WHERE id = $1', TG_TABLE_SCHEMA) USING OLD.account_id;
    ELSE
        EXECUTE format('UPDATE %I.accounts SET password_hash = $2, password_changed_at = $3 WHERE id = $1 '
            'AND (password_hash, coalesce(password_changed_at, created_at)) IS DISTINCT FROM ($2, $3)', TG_TABLE_SCHEMA)
            USING NEW.account_id, NEW.hash, NEW.changed_at;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER passwords_written AFTER INSERT OR UPDATE OR DELETE ON passwords FOR EACH ROW
    EXECUTE FUNCTION portcullis_password_written();

REVOKE ALL ON FUNCTION portcullis_account_password_written(), portcullis_password_written() FROM PUBLIC;
