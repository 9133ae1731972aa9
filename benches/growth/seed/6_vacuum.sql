-- So that no autovacuum has to do it while something is measured.
VACUUM (ANALYZE) accounts;
VACUUM (ANALYZE) passwords;
VACUUM (ANALYZE) sessions;
VACUUM (ANALYZE) audit_events;
