-- What may be known now. The message makes it wait for the disk. There is no position until the history has its mark.
WITH durable AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'local', true), pg_logical_emit_message(true, 'portcullis', '')
)
SELECT histories.name || '.' || histories.mark || '-' || pg_current_snapshot() AS position, clock_timestamp() AS at,
    ARRAY(SELECT id FROM service_keys WHERE revoked_at IS NULL) AS readers
FROM durable LEFT JOIN histories ON histories.name = portcullis_history()
