-- What tables take, with what is stored apart for them, and each of their indexes.
SELECT c.relname::text AS name, c.reltuples::bigint AS rows, pg_table_size(c.oid) AS bytes, true AS is_table
FROM pg_class c
WHERE c.oid = ANY (ARRAY['accounts', 'passwords', 'sessions', 'audit_events']::regclass[])
UNION ALL
SELECT i.relname::text, t.reltuples::bigint, pg_relation_size(i.oid), false
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
WHERE t.oid = ANY (ARRAY['accounts', 'passwords', 'sessions', 'audit_events']::regclass[])
ORDER BY name
