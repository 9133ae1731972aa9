DROP FUNCTION portcullis_make_room;
