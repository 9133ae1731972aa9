-- Gives back mails that were taken and are not sent any more, unless they were marked or taken anew since.
WITH given AS (
    SELECT $1::uuid[] AS mails, $2::integer[] AS numbers, $3::timestamptz AS now
),
released AS (
    SELECT * FROM given, unnest(given.mails, numbers) AS attempt (mail, number)
)
UPDATE mails SET due_at = now FROM released WHERE id = mail AND attempts = number AND due_at IS NOT NULL
