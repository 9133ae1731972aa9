ALTER TABLE accounts ADD COLUMN password_changed_at timestamptz;

COMMENT ON COLUMN accounts.password_changed_at IS 'When the password was last changed, later each time; null if never. A hash of the same password at another cost is no change.';
