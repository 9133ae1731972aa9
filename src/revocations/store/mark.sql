-- Gives the history that begins here a mark, without waiting for a standby: after a failover there may be none yet. A mark that is
-- lost with its server is lost with its history.
WITH local AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'local', true)
)
INSERT INTO histories (name) SELECT portcullis_history() FROM local ON CONFLICT DO NOTHING
