//! The one place where an error becomes an answer's `errors` entry.

use async_graphql::{ErrorExtensions, Response, ServerError, Value};

use crate::error::Error;

/// `extensions.code` of every entry in `errors`. The names are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Code {
    /// The caller is not signed in; `extensions.reason` says why.
    Unauthenticated,
    /// Who sends the request may not do this; nothing was done.
    Forbidden,
    /// The request or a value in it is malformed.
    BadUserInput,
    /// The document is no GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// The document asks for too much at once.
    QueryTooComplex,
    /// No document is known by the hash that was sent: send the document beside it.
    PersistedQueryNotFound,
    /// Hashes are not taken in place of documents.
    PersistedQueryNotSupported,
    /// Only registered documents are answered, and none is known by the name that was sent.
    PersistedQueryNotInList,
    /// Only registered documents are answered, and this is none.
    QueryNotInSafelist,
    /// Too many passwords wait to be hashed; `extensions.retryAfter` says when to come back, in seconds.
    ServerBusy,
    /// Too many requests of one address; the header `Retry-After` says when to come back.
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

/// Longest message of an error, in characters: the library quotes names, however long they are.
const MESSAGE_LENGTH: usize = 300;

/// Cuts an overlong message.
pub(crate) fn cut(error: &mut ServerError) {
    if let Some((end, _)) = error.message.char_indices().nth(MESSAGE_LENGTH) {
        error.message.truncate(end);
        error.message.push('…');
    }
}

/// The parser quotes the line that it stumbles over, in which a password may stand: what it expected there is enough.
pub(crate) fn without_line(error: &mut ServerError) {
    if let Some((_, expected)) = error.message.rsplit_once("\n  = ") {
        error.message = format!("This is no GraphQL: {expected}.");
    }
}

/// Most errors of one answer that validation finds.
const ERRORS: usize = 20;

/// The errors of a document that validation refuses. It may find one at every token.
pub(super) fn invalid(mut errors: Vec<ServerError>) -> Vec<ServerError> {
    errors.truncate(ERRORS);
    for error in &mut errors {
        Code::GraphqlValidationFailed.mark(error);
        cut(error);
    }
    errors
}

/// The answer in the place of one whose making panicked. The panic's hook has logged it.
pub(crate) fn panicked() -> Response {
    instead("Something went wrong on our side.", Code::InternalServerError)
}

/// The answer in the place of one that took too long. What was asked for may have been done.
pub(crate) fn late() -> Response {
    tracing::warn!("an operation was given up: it took too long");
    instead("The service is unavailable at the moment. Try again later.", Code::ServiceUnavailable)
}

fn instead(message: &str, code: Code) -> Response {
    let mut error = ServerError::new(message, None);
    code.mark(&mut error);
    Response::from_errors(vec![error])
}

/// Whether the answer tells of an error with this code.
pub(crate) fn tells(response: &Response, of: Code) -> bool {
    response.errors.iter().any(|error| code(error) == Some(of.as_str()))
}

/// Gives every error its code, a fault the request's id, and keeps values that may be secret out of messages.
pub(crate) fn finish(response: &mut Response, request_id: &str) {
    for error in &mut response.errors {
        // What has no code is the library's word on a value or an operation's name.
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

fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// The library quotes a value of the wrong type, which may be a password.
fn without_value(error: &mut ServerError) {
    if let Some(place) = error.message.find(", found ") {
        error.message.truncate(place);
        error.message.push('.');
    }
}

/// An error on its way out of a resolver. It has no `Display`: whatever had one could reach a client by a mere `?`.
pub(crate) enum ApiError {
    /// What went wrong below.
    Failed(Error),
    /// A value that the type of its argument lets through and that can't be taken all the same.
    Input(&'static str),
    /// What the sender of the request may not do.
    Forbidden(&'static str),
}

/// Tells the operator what the client does not get to know: the error, its causes, and the place in our source.
pub(super) fn log(error: &Error) {
    let (causes, at) = (error.causes(), error.at());
    match error {
        Error::Internal(cause) => tracing::error!(error = cause.to_string(), causes, at, "internal error"),
        Error::Unavailable(cause) | Error::ReadOnly(cause) => {
            tracing::error!(error = cause.to_string(), causes, at, "service unavailable")
        }
        Error::Busy { .. } => tracing::warn!("server busy: the password queue is full"),
        Error::Unauthenticated(_) => {}
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
        let error = match error {
            ApiError::Failed(error) => error,
            ApiError::Input(message) => return coded(message, Code::BadUserInput),
            ApiError::Forbidden(message) => return coded(message, Code::Forbidden),
        };
        match error {
            Error::Unauthenticated(reason) => coded("You are not signed in.", Code::Unauthenticated)
                .extend_with(|_, extensions| extensions.set("reason", reason.as_str())),
            Error::Busy { retry_after } => {
                coded("The server is busy. Try again later.", Code::ServerBusy).extend_with(|_, extensions| {
                    extensions.set("retryAfter", Value::from(retry_after.as_secs_f64().ceil() as u64))
                })
            }
            Error::Unavailable(_) | Error::ReadOnly(_) => {
                coded("The service is unavailable at the moment. Try again later.", Code::ServiceUnavailable)
            }
            Error::Internal(_) => coded("Something went wrong on our side.", Code::InternalServerError),
        }
    }
}
