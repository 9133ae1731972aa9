//! Why a connection could not be opened, and whether waiting may help.

use std::fmt;
use std::io::ErrorKind;

use diesel::ConnectionError;
use tokio_postgres::error::SqlState;

use super::causes::describe;
use crate::error::Error;

/// A connection that could not be opened.
#[derive(Clone, Debug)]
pub(super) struct Unopened {
    pub(super) why: Why,
    text: String,
}

/// The kinds of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The server, or a pooler in front of it, has as many connections as it permits.
    TooMany,
    /// Nobody answers, or the server is starting or stopping.
    Away,
    /// Something has to be changed first: a password, a right, a setting, a certificate.
    Wrong,
}

impl Unopened {
    pub(super) fn late(limit: std::time::Duration) -> Self {
        Self { why: Why::Away, text: format!("it did not answer within {limit:?}") }
    }

    /// Whether both have the same text.
    pub(super) fn says(&self, other: &Self) -> bool {
        self.text == other.text
    }

    #[cfg(test)]
    pub(super) fn for_test(why: Why) -> Self {
        Self { why, text: "of a test".to_owned() }
    }
}

/// Its text names all its causes.
impl std::error::Error for Unopened {}

impl fmt::Display for Unopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text of the error if none of the hosts of a URL with `target_session_attrs` is the primary, or is yet.
const STANDBY: &str = "does not allow writes";

impl From<tokio_postgres::Error> for Unopened {
    fn from(error: tokio_postgres::Error) -> Self {
        let text = describe(&error);
        let why = match error.as_db_error() {
            Some(refusal) => why_refused(refusal.code(), refusal.message()),
            None if text.contains(STANDBY) => Why::Away,
            None => match cause(&error) {
                // A refused certificate is reported as invalid data.
                Some(ErrorKind::InvalidData | ErrorKind::PermissionDenied) => Why::Wrong,
                Some(_) => Why::Away,
                None if error.is_closed() => Why::Away,
                None => Why::Wrong,
            },
        };
        Self { why, text }
    }
}

impl From<ConnectionError> for Unopened {
    /// An error while the session was set up, after the server had accepted the connection.
    fn from(error: ConnectionError) -> Self {
        Self { why: Why::Away, text: error.to_string() }
    }
}

impl From<diesel::result::Error> for Unopened {
    fn from(error: diesel::result::Error) -> Self {
        ConnectionError::CouldntSetupConfiguration(error).into()
    }
}

impl From<Unopened> for Error {
    /// [`Error::Internal`] when waiting does not help.
    #[track_caller]
    fn from(unopened: Unopened) -> Self {
        match unopened.why {
            Why::TooMany | Why::Away => Self::unavailable(unopened),
            Why::Wrong => Self::internal(unopened),
        }
    }
}

/// Decides by the code (PostgreSQL documentation, appendix A). Refusals by a pooler itself have the code of a
/// protocol violation.
fn why_refused(code: &SqlState, message: &str) -> Why {
    let says = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    if *code == SqlState::TOO_MANY_CONNECTIONS {
        return Why::TooMany;
    }
    if *code == SqlState::PROTOCOL_VIOLATION {
        return match () {
            () if says(&["no more connections", "connections exceeded", "too many"]) => Why::TooMany,
            () if says(&["unsupported", "no such", "authentication failed", "not allowed"]) => Why::Wrong,
            () => Why::Away,
        };
    }
    match code.code().get(..2) {
        // Errors of connections, of resources, of an operator's intervention, and of the system.
        Some("08" | "53" | "57" | "58") => Why::Away,
        _ => Why::Wrong,
    }
}

/// The kind of the operating system's error, if that is the cause.
fn cause(error: &dyn std::error::Error) -> Option<ErrorKind> {
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(error) = source.downcast_ref::<std::io::Error>() {
            return Some(error.kind());
        }
        next = source.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str, message: &str) -> Why {
        why_refused(&SqlState::from_code(code), message)
    }

    #[test]
    fn what_passes_by_itself_is_told_from_what_somebody_has_to_mend() {
        for (code, message) in [
            ("53300", "too many connections for role \"portcullis\""),
            ("53300", "sorry, too many clients already"),
            ("08P01", "no more connections allowed (max_client_conn)"),
        ] {
            assert_eq!(refused(code, message), Why::TooMany, "{message}");
        }
        for (code, message) in [
            ("57P03", "the database system is starting up"),
            ("57P01", "terminating connection due to administrator command"),
            ("53200", "out of memory"),
            ("58030", "could not read a file"),
            ("08P01", "server login has been failing, try again later (server_login_retry)"),
            ("08P01", "pgbouncer cannot connect to server"),
        ] {
            assert_eq!(refused(code, message), Why::Away, "{message}");
        }
        for (code, message) in [
            ("28P01", "password authentication failed for user \"portcullis\""),
            ("28000", "no pg_hba.conf entry for host"),
            ("3D000", "database \"auth\" does not exist"),
            ("42501", "permission denied for database \"auth\""),
            ("42704", "unrecognized configuration parameter \"colour\""),
            ("08P01", "unsupported startup parameter in options: search_path"),
            ("08P01", "no such database: auth"),
            ("55000", "database \"auth\" is not currently accepting connections"),
        ] {
            assert_eq!(refused(code, message), Why::Wrong, "{message}");
        }
    }
}
