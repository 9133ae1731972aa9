-- Removes events from before a time, by the clock of the database as well. Ids sort by time. The setting lets the trigger pass.
WITH given AS (SELECT $1::timestamptz AS kept_since, $2::timestamptz AS now, $3::bigint AS batch),
quiet AS MATERIALIZED (SELECT set_config('portcullis.clean_up', 'on', true)),
old AS MATERIALIZED (
    SELECT id FROM audit_events, quiet
    WHERE id < (SELECT portcullis_event_id(kept_since + least(interval '0', clock_timestamp() - now)) FROM given)
    ORDER BY id LIMIT (SELECT batch FROM given)
)
DELETE FROM audit_events WHERE id IN (SELECT id FROM old)
