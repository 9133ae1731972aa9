SELECT portcullis_settle($1::bytea[], $2::float8[], $3::bigint[])
