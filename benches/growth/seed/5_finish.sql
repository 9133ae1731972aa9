-- Makes the indexes and the foreign keys again, which looks at each row, and keeps the clean-up of the servers away.
SET maintenance_work_mem = '1GB';

DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN SELECT restore FROM growth_definitions ORDER BY place LOOP
        EXECUTE statement;
    END LOOP;
END
$$;

UPDATE clean_up SET due_at = now() + interval '9 minutes';
