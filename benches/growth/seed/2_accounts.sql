-- Accounts and their passwords, which are all the same. A table that is emptied in the same transaction is written without a log where
-- wal_level is minimal.
BEGIN;

TRUNCATE accounts, passwords;

INSERT INTO accounts (id, email, username, created_at, email_verified_at)
SELECT growth_id(growth_registered(number, accounts, seeded_ms), number),
    (ARRAY['ada', 'alan', 'barbara', 'claude', 'donald', 'edsger', 'frances', 'grace', 'hedy', 'ivan', 'joan', 'john', 'ken', 'leslie',
        'margaret', 'niklaus', 'radia', 'shafi', 'tony', 'whitfield'])[1 + hash % 20] || '.'
    || (ARRAY['adams', 'baker', 'clark', 'davis', 'evans', 'fisher', 'green', 'harris', 'irwin', 'jones', 'keller', 'lopez', 'miller',
        'nguyen', 'olsen', 'parker', 'quinn', 'roberts', 'smith', 'turner'])[1 + hash / 20 % 20] || '.' || number
    || (ARRAY['@example.com', '@example.net', '@example.org'])[1 + hash / 400 % 3],
    CASE WHEN hash / 1200 % 2 = 0 THEN 'user_' || number END,
    to_timestamp(growth_registered(number, accounts, seeded_ms) / 1000.0),
    to_timestamp(growth_registered(number, accounts, seeded_ms) / 1000.0)
FROM growth, generate_series(1, accounts) number, LATERAL (SELECT hashint8(number) & 2147483647 AS hash) hashed;

INSERT INTO passwords (account_id, hash, changed_at)
SELECT growth_id(growth_registered(number, accounts, seeded_ms), number), password_hash,
    to_timestamp(growth_registered(number, accounts, seeded_ms) / 1000.0)
FROM growth, generate_series(1, accounts) number;

COMMIT;
