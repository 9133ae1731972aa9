-- Which history of transactions the numbers of transactions belong to: also another one in a database that was restored from a dump
-- into the same cluster, where generations of sessions are given out again.
CREATE OR REPLACE FUNCTION portcullis_history() RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    cluster text := '0';
    timeline text := '0';
BEGIN
    BEGIN
        SELECT system_identifier INTO cluster FROM pg_control_system();
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    BEGIN
        timeline := left(pg_walfile_name(pg_current_wal_lsn()), 8);
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    RETURN cluster || '.' || timeline || '.' || (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database());
END
$$;
