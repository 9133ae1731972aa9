DELETE FROM passwords p WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.id = p.account_id);
ALTER TABLE passwords VALIDATE CONSTRAINT passwords_account_id_fkey;

DROP TRIGGER accounts_password_updated ON accounts;
DROP TRIGGER accounts_password_inserted ON accounts;
DROP TRIGGER accounts_without_password ON accounts;
DROP TRIGGER passwords_written ON passwords;
DROP FUNCTION portcullis_password_written, portcullis_account_password_written, portcullis_account_without_password;

ALTER TABLE accounts DROP COLUMN password_hash, DROP COLUMN password_changed_at;
