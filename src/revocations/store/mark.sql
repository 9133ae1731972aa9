-- Gives the history that begins here a mark.
INSERT INTO histories (name) VALUES (portcullis_history()) ON CONFLICT DO NOTHING
