ALTER TABLE keys
    DROP CONSTRAINT keys_algorithm_known,
    DROP CONSTRAINT keys_activates_after_created,
    DROP COLUMN activates_at;
