//! The names of what is measured, as the documentation lists them.

/// Bounds of the buckets of durations, in seconds.
pub(super) const DURATIONS: [f64; 13] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Longest label that is shown, in characters.
pub(super) const LONGEST_LABEL: usize = 64;

/// Something that is measured, and what it says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Histogram,
    /// A number that only rises, until the server starts anew.
    Total,
    Gauge,
}

/// A value at this moment, with at most one label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(super) of: Measured,
    pub(super) label: Option<(&'static str, &'static str)>,
    pub(super) value: f64,
}

macro_rules! measured {
    ($($constant:ident = $kind:ident $name:literal $help:literal;)*) => {
        $(pub(crate) const $constant: Measured = Measured { name: $name, help: $help, kind: Kind::$kind };)*

        /// Everything that is measured.
        pub(super) const ALL: &[Measured] = &[$($constant),*];
    };
}

measured! {
    HTTP_DURATION = Histogram "portcullis_http_request_duration_seconds" "Time to answer a request, by route and status.";
    GRAPHQL_DURATION = Histogram "portcullis_graphql_operation_duration_seconds" "Time to execute an operation that the operator registered, by its name, or `other`.";
    GRAPHQL_RESULTS = Total "portcullis_graphql_results_total" "Answers of root fields, by the member of the result's union or the code of the error.";
    HASHING_WAITING = Gauge "portcullis_hashing_waiting" "Passwords that wait for a thread.";
    HASHING_DONE = Total "portcullis_hashing_done_total" "Passwords that were hashed or compared.";
    HASHING_REFUSED = Total "portcullis_hashing_refused_total" "Passwords that were refused with SERVER_BUSY.";
    HASHING_WAIT = Histogram "portcullis_hashing_wait_seconds" "Time that a password waited for a thread.";
    DATABASE_CONNECTIONS = Gauge "portcullis_database_connections" "Connections to PostgreSQL that are open, in use and free.";
    DATABASE_IN_USE = Gauge "portcullis_database_connections_in_use" "Connections to PostgreSQL that are in use.";
    DATABASE_MAX = Gauge "portcullis_database_connections_max" "The most connections to PostgreSQL that may be open.";
    DATABASE_WAITING = Gauge "portcullis_database_waiting" "Callers that wait for a connection.";
    FEED_FRESH = Gauge "portcullis_feed_fresh" "1 while this instance is certain to have heard of each revocation, else 0.";
    FEED_AGE = Gauge "portcullis_feed_age_seconds" "Time since this instance was certain to have heard of each revocation.";
    CACHE_HITS = Total "portcullis_session_cache_hits_total" "Callers that were found in the cache of sessions.";
    CACHE_MISSES = Total "portcullis_session_cache_misses_total" "Callers that the database was asked about.";
    LIMIT_REFUSALS = Total "portcullis_limit_refusals_total" "What limits refused, by the limit.";
    MAILS_WAITING = Gauge "portcullis_mails_waiting" "Mails in the database that wait to be sent.";
    MAILS_OLDEST = Gauge "portcullis_mails_oldest_seconds" "Age of the oldest mail that waits to be sent.";
    MAIL_ATTEMPTS = Total "portcullis_mail_attempts_total" "Attempts of this instance to send a mail, by what became of them.";
    TASK_SUCCEEDED = Gauge "portcullis_task_success_timestamp_seconds" "When a background task last succeeded, or was started, as Unix time.";
    TASK_FAILURES = Total "portcullis_task_failures_total" "Runs of a background task that failed.";
    KEYS = Gauge "portcullis_signing_keys" "Signing keys, by their state.";
    KEY_AGE = Gauge "portcullis_signing_key_age_seconds" "Age of the newest signing key.";
    KEY_ROTATION = Gauge "portcullis_signing_key_rotation_timestamp_seconds" "When the newest signing key gets a successor, as Unix time.";
    KEY_REMOVAL = Gauge "portcullis_signing_key_removal_timestamp_seconds" "When the oldest signing key is removed, as Unix time, or 0 while none is to be.";
    DATABASE_FAILURES = Total "portcullis_database_failures_total" "Uses of a connection that ended without an answer, by what kept it away.";
    BUILD = Gauge "portcullis_build_info" "Always 1, with the version.";
}

impl Measured {
    /// Its value at this moment.
    pub(crate) fn is(self, value: f64) -> Reading {
        Reading { of: self, label: None, value }
    }

    /// Its value at this moment under a label.
    pub(crate) fn of(self, label: &'static str, name: &'static str, value: f64) -> Reading {
        Reading { of: self, label: Some((label, name)), value }
    }
}
