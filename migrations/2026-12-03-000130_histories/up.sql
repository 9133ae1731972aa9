-- A restore gives the new timeline the same number as a restore of the same backup did before, if it does not find the history of
-- the first one in the archive. So a position in the revocations also has a mark, which is made where the first one is needed and
-- is not in the backup.
CREATE TABLE histories (
    name text CONSTRAINT histories_pkey PRIMARY KEY,
    mark text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', '')
);

COMMENT ON TABLE histories IS 'What tells two histories of the same name apart: two timelines with the same number, after two restores.';
COMMENT ON COLUMN histories.name IS 'What portcullis_history() says.';
