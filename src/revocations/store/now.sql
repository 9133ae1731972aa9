-- What may be known now. The message makes it wait for the disk.
WITH durable AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'local', true), pg_logical_emit_message(true, 'portcullis', '')
)
SELECT portcullis_history() || '-' || pg_current_snapshot() AS position, clock_timestamp() AS at,
    ARRAY(SELECT id FROM service_keys WHERE revoked_at IS NULL) AS readers
FROM durable
