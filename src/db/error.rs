//! Turns diesel's errors into ours.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::Error;

impl From<DieselError> for Error {
    /// Keeps the message, and leaves out the details, which hold the values of the row: e-mail addresses, hashes. So the error
    /// itself is not kept as a source.
    #[track_caller]
    fn from(error: DieselError) -> Self {
        match error {
            // An error without a kind of its own nearly always comes from the state of the server: it is shutting
            // down, recovering, or out of connections, memory or disk. diesel does not pass on the SQLSTATE that
            // would tell this from a fault of ours.
            DieselError::DatabaseError(
                DatabaseErrorKind::Unknown
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::SerializationFailure,
                information,
            ) => Self::unavailable(information.message().to_owned()),
            DieselError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, information) => {
                Self::read_only(information.message().to_owned())
            }
            DieselError::DatabaseError(kind, information) => {
                Self::internal(format!("{kind:?}: {}", information.message()))
            }
            DieselError::BrokenTransactionManager => Self::unavailable("broken connection"),
            other => Self::internal(other),
        }
    }
}

/// The name of the unique constraint that a statement violated, if that is why it failed.
pub(crate) fn violated_constraint(error: &DieselError) -> Option<&str> {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, information) => information.constraint_name(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Information;

    impl diesel::result::DatabaseErrorInformation for Information {
        fn message(&self) -> &str {
            "the message"
        }
        fn details(&self) -> Option<&str> {
            Some("Key (email)=(ada@example.com) already exists.")
        }
        fn hint(&self) -> Option<&str> {
            None
        }
        fn table_name(&self) -> Option<&str> {
            None
        }
        fn column_name(&self) -> Option<&str> {
            None
        }
        fn constraint_name(&self) -> Option<&str> {
            None
        }
        fn statement_position(&self) -> Option<i32> {
            None
        }
    }

    fn failed(kind: DatabaseErrorKind) -> Result<(), DieselError> {
        Err(DieselError::DatabaseError(kind, Box::new(Information)))
    }

    #[test]
    fn a_failed_statement_rises_at_its_caller() {
        let by_question_mark = || -> Result<(), Error> { Ok(failed(DatabaseErrorKind::Unknown)?) };
        let here = line!() - 1;
        assert_eq!(format!("{:?}", by_question_mark().unwrap_err().at().unwrap()), format!("src/db/error.rs:{here}"));
        let by_into =
            || -> Result<(), Error> { failed(DatabaseErrorKind::CheckViolation).map_err(|error| error.into()) };
        let here = line!() - 1;
        assert_eq!(format!("{:?}", by_into().unwrap_err().at().unwrap()), format!("src/db/error.rs:{here}"));
    }

    #[test]
    fn the_values_of_a_row_are_not_kept() {
        for kind in
            [DatabaseErrorKind::Unknown, DatabaseErrorKind::UniqueViolation, DatabaseErrorKind::ReadOnlyTransaction]
        {
            let error = Error::from(failed(kind).unwrap_err());
            let said = format!("{error} {error:?} {:?}", error.causes());
            assert!(said.contains("the message") && !said.contains("ada@"), "{said}");
        }
    }
}
