//! The one place where an error becomes an answer's `errors` entry.

use std::time::Duration;

use async_graphql::{ErrorExtensions, Response, ServerError, Value};

use super::factor::{REAUTHENTICATION_REQUIRED, STALE};
use crate::error::Error;

/// `extensions.code` of every entry in `errors`. The names are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Code {
    /// The caller is not signed in; `extensions.reason` says why.
    Unauthenticated,
    /// The sender of the request is not permitted to do this. Nothing was done.
    Forbidden,
    /// The request or a value in it is malformed.
    BadUserInput,
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// The document asks for too much at once.
    QueryTooComplex,
    /// The server does not know a document with this hash. The client sends the document together with the hash.
    PersistedQueryNotFound,
    /// The server does not accept hashes in place of documents.
    PersistedQueryNotSupported,
    /// The server executes registered documents only, and none has the name that was sent.
    PersistedQueryNotInList,
    /// The server executes registered documents only, and this is not one of them.
    QueryNotInSafelist,
    /// The operator has switched off what was asked for.
    FeatureDisabled,
    /// Too many passwords wait to be hashed; `extensions.retryAfter` says when to come back, in seconds.
    ServerBusy,
    /// One address sent too many requests. The header `Retry-After` says when to come back, or `extensions.retryAfter` where one
    /// field was refused.
    RateLimited,
    /// The database is away, or executing took too long.
    ServiceUnavailable,
    /// A fault of ours; `extensions.requestId` finds it in the log.
    InternalServerError,
}

impl Code {
    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }

    /// Marks `error`, unless it is marked already.
    pub(crate) fn mark(self, error: &mut ServerError) {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", self.as_str());
        }
    }
}

/// What the client is told while the service can't be had.
pub(crate) const UNAVAILABLE: &str = "The service is unavailable at the moment. Try again later.";

/// Longest message of an error, in characters. The library quotes names, however long they are.
const MESSAGE_LENGTH: usize = 300;

/// Cuts an overlong message.
pub(crate) fn cut(error: &mut ServerError) {
    if let Some((end, _)) = error.message.char_indices().nth(MESSAGE_LENGTH) {
        error.message.truncate(end);
        error.message.push('…');
    }
}

/// Removes the line of the document that the parser quotes, because it may contain a password. What the parser
/// expected there is kept.
pub(crate) fn without_line(error: &mut ServerError) {
    if let Some((_, expected)) = error.message.rsplit_once("\n  = ") {
        error.message = format!("This is no GraphQL: {expected}.");
    }
}

/// Largest number of validation errors in one answer.
const ERRORS: usize = 20;

/// The errors of a document that validation refuses, cut to a bounded number: validation may find one at every token.
pub(super) fn invalid(mut errors: Vec<ServerError>) -> Vec<ServerError> {
    errors.truncate(ERRORS);
    for error in &mut errors {
        Code::GraphqlValidationFailed.mark(error);
        cut(error);
    }
    errors
}

/// The answer when executing the request panicked. The panic hook has logged it.
pub(crate) fn panicked() -> Response {
    instead("Something went wrong on our side.", Code::InternalServerError)
}

/// The answer when executing the request took too long. What it asked for may have been done.
pub(crate) fn late() -> Response {
    tracing::warn!("an operation was cancelled because it took too long");
    unavailable()
}

/// The answer to an operation that can't be executed now.
pub(crate) fn unavailable() -> Response {
    instead(UNAVAILABLE, Code::ServiceUnavailable)
}

/// The answer to a request that is no operation.
pub(crate) fn malformed(message: &str) -> Response {
    instead(message, Code::BadUserInput)
}

fn instead(message: &str, code: Code) -> Response {
    let mut error = ServerError::new(message, None);
    code.mark(&mut error);
    Response::from_errors(vec![error])
}

/// Whether the answer has an error with this code.
pub(crate) fn tells(response: &Response, of: Code) -> bool {
    response.errors.iter().any(|error| code(error) == Some(of.as_str()))
}

/// Gives every error its code, a fault the request's id, and keeps values that may be secret out of messages.
pub(crate) fn finish(response: &mut Response, request_id: &str) {
    for error in &mut response.errors {
        // An error without a code comes from the library, and is about a value or the name of an operation.
        if code(error).is_none() {
            without_value(error);
            cut(error);
            Code::BadUserInput.mark(error);
        }
        if code(error) == Some(Code::InternalServerError.as_str()) {
            error.extensions.get_or_insert_default().set("requestId", request_id);
        }
    }
}

pub(super) fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// Removes the value that the library quotes when it has the wrong type: it may be a password.
fn without_value(error: &mut ServerError) {
    if let Some(place) = error.message.find(", found ") {
        error.message.truncate(place);
        error.message.push('.');
    }
}

/// An error that a resolver returns. It has no `Display`, because async-graphql sends the text of any error that has
/// one to the client.
pub(crate) enum ApiError {
    /// An error of a use case.
    Failed(Error),
    /// A value that has the type of its argument and is not valid all the same.
    Input(&'static str),
    /// The sender of the request is not permitted to do this.
    Forbidden(&'static str),
    /// The caller has not proved for too long who they are (RFC 9470).
    NotFresh,
    /// There were too many attempts, at a field whose type has no word for that. The time says when to try again.
    Limited(Duration),
}

/// Logs what only the operator may know: the error, its causes, and the place in our source where it rose.
pub(super) fn log(error: &Error) {
    let (causes, at) = (error.causes(), error.at());
    match error {
        Error::Internal(cause) => tracing::error!(error = cause.to_string(), causes, at, "internal error"),
        Error::Unavailable(cause) | Error::ReadOnly(cause) => {
            tracing::error!(error = cause.to_string(), causes, at, "service unavailable")
        }
        Error::Busy { .. } => tracing::warn!("server busy: the password queue is full"),
        Error::Unauthenticated(_) | Error::Disabled(_) => {}
    }
}

impl ApiError {
    /// An error that is in the log already.
    pub(super) fn logged(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        log(&error);
        Self::Failed(error)
    }
}

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        let coded = |message: &str, code: Code| {
            async_graphql::Error::new(message).extend_with(|_, extensions| extensions.set("code", code.as_str()))
        };
        let later = |error: async_graphql::Error, retry_after: Duration| {
            let seconds = retry_after.as_secs_f64().ceil() as u64;
            error.extend_with(|_, extensions| extensions.set("retryAfter", Value::from(seconds)))
        };
        let error = match error {
            ApiError::Failed(error) => error,
            ApiError::Limited(retry_after) => {
                return later(coded("There were too many attempts. Try again later.", Code::RateLimited), retry_after);
            }
            ApiError::Input(message) => return coded(message, Code::BadUserInput),
            ApiError::Forbidden(message) => return coded(message, Code::Forbidden),
            ApiError::NotFresh => {
                return coded(STALE, Code::Unauthenticated)
                    .extend_with(|_, extensions| extensions.set("reason", REAUTHENTICATION_REQUIRED));
            }
        };
        match error {
            Error::Unauthenticated(reason) => coded("You are not signed in.", Code::Unauthenticated)
                .extend_with(|_, extensions| extensions.set("reason", reason.as_str())),
            Error::Busy { retry_after } => {
                later(coded("The server is busy. Try again later.", Code::ServerBusy), retry_after)
            }
            Error::Disabled(sentence) => coded(sentence, Code::FeatureDisabled),
            Error::Unavailable(_) | Error::ReadOnly(_) => coded(UNAVAILABLE, Code::ServiceUnavailable),
            Error::Internal(_) => coded("Something went wrong on our side.", Code::InternalServerError),
        }
    }
}
