-- Neither column takes a look at the rows that are there.
ALTER TABLE sessions ADD COLUMN authenticated_at timestamptz, ADD COLUMN methods text[] NOT NULL DEFAULT '{password}';

COMMENT ON COLUMN sessions.authenticated_at IS 'When its owner last proved who they are. Null if that was when the session was opened, as in sessions that earlier versions open.';
COMMENT ON COLUMN sessions.methods IS 'What they proved it with. Earlier versions knew passwords only.';
