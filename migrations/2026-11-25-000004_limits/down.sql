DROP FUNCTION portcullis_take;
DROP TABLE limits;
