-- How many mails wait to be sent, and since when the oldest of them does. No more are counted than `most`, so that a long queue costs
-- little: those that are due first.
WITH given AS (
    SELECT $1::bigint AS most
),
waiting AS (
    SELECT created_at FROM mails WHERE due_at IS NOT NULL AND recipient IS NOT NULL
    ORDER BY due_at LIMIT (SELECT most FROM given)
)
SELECT count(*) AS mails, min(created_at) AS since FROM waiting
