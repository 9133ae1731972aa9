-- Makes portcullis a plain role that owns what is in this database. Run by portcullis, the role that the cluster was made by.
-- A setting of the role may say that its transactions change nothing.
BEGIN READ WRITE;
SET LOCAL search_path TO pg_catalog;
SET LOCAL lock_timeout TO '10s';

-- That role must stay a superuser, since it owns what belongs to PostgreSQL: it takes another name, and a plain one its place.
-- PostgreSQL renames no role that is in use, so another one does it.
CREATE ROLE portcullis_renaming SUPERUSER;
SET SESSION AUTHORIZATION portcullis_renaming;

DO $$
DECLARE
    first CONSTANT oid := 10;
    plain oid;
    name text := 'postgres';
    number int := 0;
    kept oid[];
    verifier text;
    item record;
BEGIN
    WHILE EXISTS (SELECT FROM pg_authid WHERE rolname = name) LOOP
        name := 'portcullis_superuser' || coalesce('_' || nullif(number, 0), '');
        number := number + 1;
    END LOOP;
    SELECT rolpassword INTO verifier FROM pg_authid WHERE oid = first;
    EXECUTE format('ALTER ROLE portcullis RENAME TO %I', name);
    EXECUTE format('ALTER ROLE %I PASSWORD NULL', name);
    EXECUTE format('CREATE ROLE portcullis LOGIN PASSWORD %L', verifier);
    SELECT oid INTO plain FROM pg_authid WHERE rolname = 'portcullis';
    INSERT INTO pg_db_role_setting (setdatabase, setrole, setconfig)
        SELECT setdatabase, plain, setconfig FROM pg_db_role_setting WHERE setrole = first;

    -- Who was let in through the old role is let in through the new one, and not through a superuser.
    FOR item IN
        SELECT m.rolname AS member FROM pg_auth_members AS g JOIN pg_authid AS m ON m.oid = g.member WHERE g.roleid = first
    LOOP
        EXECUTE format('REVOKE %I FROM %I', name, item.member);
        EXECUTE format('GRANT portcullis TO %I GRANTED BY %I', item.member, name);
    END LOOP;

    -- Whoever reads a foreign table may run the program that it names. So these stay the superuser's, with the tables by which they
    -- are read as well, those they are a part or a child of.
    kept := ARRAY(
        WITH RECURSIVE reading (oid) AS (
            SELECT oid FROM pg_class WHERE relkind = 'f'
            UNION
            SELECT inhparent FROM pg_inherits JOIN reading ON inhrelid = reading.oid
        )
        SELECT oid FROM reading
    );
    FOR item IN
        SELECT DISTINCT oid::regclass AS relation, grantee::regrole
        FROM (
            SELECT oid, relacl AS acl FROM pg_class
            UNION ALL
            SELECT attrelid, attacl FROM pg_attribute
        ) AS granted, aclexplode(acl)
        WHERE oid = ANY (kept) AND is_grantable AND grantee NOT IN (0, first)
    LOOP
        -- What they have let everybody do goes with their right to it.
        EXECUTE format('REVOKE GRANT OPTION FOR ALL ON %s FROM %s CASCADE', item.relation, item.grantee);
    END LOOP;
    FOR item IN SELECT unnest(kept)::regclass AS relation LOOP
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', item.relation);
    END LOOP;

    -- What was made in this database; not what belongs to an extension, to PostgreSQL, or to a table's column.
    FOR item IN
        SELECT format('SCHEMA %I', nspname) AS object, 'pg_namespace'::regclass AS catalog, oid
            FROM pg_namespace WHERE nspowner = first AND nspname !~ '^pg_'
        UNION ALL
        SELECT format('%s %s', CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END, oid::regclass), 'pg_class'::regclass, oid
            FROM pg_class
            WHERE relowner = first AND relkind IN ('r', 'p', 'S', 'v', 'm', 'c') AND oid <> ALL (kept)
                AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_')
        UNION ALL
        -- Whoever owns the function of an event trigger has the rights of whoever sets that off.
        SELECT format('ROUTINE %s', oid::regprocedure), 'pg_proc'::regclass, oid
            FROM pg_proc WHERE proowner = first AND prorettype <> 'event_trigger'::regtype
        UNION ALL
        SELECT format('TYPE %s', oid::regtype), 'pg_type'::regclass, oid
            FROM pg_type WHERE typowner = first AND typtype IN ('d', 'e')
    LOOP
        CONTINUE WHEN item.oid < 16384 OR EXISTS (
            SELECT FROM pg_depend
            WHERE classid = item.catalog AND objid = item.oid
                AND (deptype = 'e' OR deptype IN ('a', 'i') AND refclassid = 'pg_class'::regclass AND refobjsubid > 0)
        );
        EXECUTE format('ALTER %s OWNER TO portcullis', item.object);
    END LOOP;
    IF (SELECT nspowner FROM pg_namespace WHERE nspname = 'public') = first THEN
        GRANT USAGE, CREATE ON SCHEMA public TO portcullis;
    END IF;
    EXECUTE format('ALTER DATABASE %I OWNER TO portcullis', current_database());
END
$$;

RESET SESSION AUTHORIZATION;
DROP ROLE portcullis_renaming;
COMMIT;
