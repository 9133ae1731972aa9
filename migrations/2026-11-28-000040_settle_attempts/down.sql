DROP FUNCTION portcullis_settle;
