DROP TRIGGER accounts_password_updated ON accounts;
DROP TRIGGER accounts_password_inserted ON accounts;
DROP TRIGGER accounts_without_password ON accounts;
DROP TABLE passwords;
DROP FUNCTION portcullis_password_written, portcullis_account_password_written, portcullis_account_without_password;
