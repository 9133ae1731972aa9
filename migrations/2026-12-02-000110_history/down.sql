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
    RETURN cluster || '.' || timeline;
END
$$;
