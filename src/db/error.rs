//! What diesel's errors mean to us.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::Error;

impl From<DieselError> for Error {
    /// Keeps the message and leaves out the details, which hold the values of the row: e-mail addresses, hashes.
    fn from(error: DieselError) -> Self {
        match error {
            // What has no kind of its own is nearly always the server's state: shutting down, recovering, out of
            // connections, memory or disk. diesel does not hand on the SQLSTATE that would tell it from a fault of ours.
            DieselError::DatabaseError(
                DatabaseErrorKind::Unknown
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::SerializationFailure,
                information,
            ) => Self::Unavailable(information.message().to_owned()),
            DieselError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, information) => {
                Self::ReadOnly(information.message().to_owned())
            }
            DieselError::DatabaseError(kind, information) => {
                Self::Internal(format!("{kind:?}: {}", information.message()))
            }
            DieselError::BrokenTransactionManager => Self::Unavailable("broken connection".into()),
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
