//! Where a migration breaks a rule, and why it may. One that has landed is never changed.

/// A migration, the rule that it breaks, and why.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) migration: &'static str,
    pub(super) rule: &'static str,
    #[expect(dead_code, reason = "it is for whoever reads the list")]
    pub(super) why: &'static str,
}

const fn known(migration: &'static str, rule: &'static str, why: &'static str) -> Known {
    Known { migration, rule, why }
}

const NEW_TABLE: &str = "the table is made in the same migration";
const BEFORE: &str = "no release had the table when it landed, so nobody has rows in it that it keeps waiting";
const LOCKS_WRITERS: &str = "it landed before this rule, and keeps writers waiting while it looks at each row";
const LANDED: &str = "it landed before this rule: a request that it meets may be refused once";
const UNRELEASED: &str = "no release was made between the two, so no instance of a release has what it takes away";

pub(super) const KNOWN: [Known; 28] = [
    known("2026-11-25-000001_ended_sessions", "require-concurrent-index-creation", BEFORE),
    known("2026-11-25-000001_ended_sessions", "require-concurrent-index-deletion", BEFORE),
    known("2026-11-25-000001_ended_sessions", "ban-drop-index", "another index does the same"),
    known("2026-11-25-000001_ended_sessions", "locks-one-table", BEFORE),
    known("2026-11-28-000001_session_generations", "locks-one-table", LANDED),
    known("2026-11-28-000003_deleted_accounts", "locks-one-table", LANDED),
    known("2026-11-28-000052_password_hash_contract", "locks-one-table", LANDED),
    known("2026-11-29-000060_email", "locks-one-table", LANDED),
    known("2026-12-01-000070_second_factors", "locks-one-table", LANDED),
    known("2026-12-01-000080_passkeys", "locks-one-table", LANDED),
    known("2026-12-01-000090_trusted_devices", "locks-one-table", LANDED),
    known("2026-11-25-000002_key_rotation", "adding-not-nullable-field", "there are a few keys"),
    known("2026-11-25-000002_key_rotation", "constraint-missing-not-valid", "there are a few keys"),
    known("2026-11-25-000002_key_rotation", "changes-no-whole-table", "there are a few keys"),
    known("2026-11-25-000002_key_rotation", "long-work-comes-first", "there are a few keys"),
    known("2026-11-25-000005_audit", "ban-drop-not-null", UNRELEASED),
    known("2026-11-25-000005_audit", "constraint-missing-not-valid", BEFORE),
    known("2026-11-28-000001_session_generations", "ban-set-default", "a trigger takes -1 for what was not said"),
    known("2026-11-28-000001_session_generations", "require-concurrent-index-creation", LOCKS_WRITERS),
    known("2026-11-28-000001_session_generations", "ban-drop-trigger", "it is made anew in the same migration"),
    known("2026-11-28-000001_session_generations", "long-work-comes-first", LOCKS_WRITERS),
    known("2026-11-28-000003_deleted_accounts", "require-concurrent-index-creation", LOCKS_WRITERS),
    known("2026-11-28-000003_deleted_accounts", "constraint-missing-not-valid", LOCKS_WRITERS),
    known("2026-11-28-000030_attempts_in_flight", "ban-drop-function", "the new one takes the same arguments"),
    known("2026-11-28-000050_passwords", "adding-serial-primary-key-field", NEW_TABLE),
    known(
        "2026-11-28-000050_passwords",
        "locks-no-table",
        "what was written meanwhile is taken over under it: 1.4 s for a million accounts",
    ),
    known(
        "2026-11-28-000050_passwords",
        "long-work-comes-first",
        "the table is filled before the lock, and what is done under it is that: it takes over what was written meanwhile",
    ),
    known("2026-12-01-000080_passkeys", "ban-drop-function", UNRELEASED),
];
