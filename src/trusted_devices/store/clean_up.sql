-- Removes devices that are not trusted any more for long enough, by the clock of the database as well.
WITH given AS (
    SELECT $1::timestamptz AS now, $2::float8 AS kept_seconds, $3::bigint AS batch
),
old AS (
    SELECT account_id, device_id FROM trusted_devices
    WHERE expires_at < (SELECT least(now, clock_timestamp()) - make_interval(secs => kept_seconds) FROM given)
    LIMIT (SELECT batch FROM given) FOR UPDATE SKIP LOCKED
)
DELETE FROM trusted_devices d USING old WHERE d.account_id = old.account_id AND d.device_id = old.device_id
