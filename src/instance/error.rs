//! Why an instance can't start or stop, or has no caller for a request.

use std::fmt;
use std::io;

use poem::error::ResponseError;
use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};

use crate::db::BadUrl;
use crate::db::embedded::EmbeddedError;
use crate::error::{Error, Reason};

/// Why an instance does not start or stop properly, as a sentence for the operator.
#[derive(Debug)]
pub struct StartError(Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl StartError {
    /// The text has the causes of the error, and not the name of its kind. Only the log gets the place where it rose.
    #[doc(hidden)]
    #[must_use]
    pub fn of(error: Error) -> Self {
        let causes = error.causes();
        tracing::debug!(%error, causes, at = error.at(), "an error ends this process");
        let text = match &error {
            Error::Internal(cause) | Error::Unavailable(cause) | Error::ReadOnly(cause) => cause.to_string(),
            other => other.to_string(),
        };
        match causes {
            Some(causes) => format!("{text}: {causes}").into(),
            None => text.into(),
        }
    }
}

impl From<Error> for StartError {
    fn from(error: Error) -> Self {
        Self::of(error)
    }
}

impl From<String> for StartError {
    fn from(sentence: String) -> Self {
        Self(sentence.into())
    }
}

impl From<&'static str> for StartError {
    fn from(sentence: &'static str) -> Self {
        Self(sentence.into())
    }
}

impl From<EmbeddedError> for StartError {
    fn from(error: EmbeddedError) -> Self {
        Self(Box::new(error))
    }
}

impl From<BadUrl> for StartError {
    fn from(error: BadUrl) -> Self {
        Self(Box::new(error))
    }
}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self(Box::new(error))
    }
}

/// Why there is no caller. As the answer of a poem handler it is 401 or 503.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSignedIn {
    /// The request has no access token, or one that is void.
    #[error("You are not signed in: {0}.")]
    Unauthenticated(Reason),
    /// The caller can't be verified, because the database is needed and away, or this instance was stopped.
    #[error("The service is unavailable at the moment. Try again later.")]
    Unavailable,
}

impl ResponseError for NotSignedIn {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn as_response(&self) -> Response {
        let response = self.to_string().with_status(self.status()).with_header(header::CACHE_CONTROL, "no-store");
        let challenge = match self {
            Self::Unauthenticated(Reason::TokenMissing) => "Bearer",
            // RFC 6750 section 3.1: a token that was sent and is void is an invalid token.
            Self::Unauthenticated(_) => "Bearer error=\"invalid_token\"",
            Self::Unavailable => return response.into_response(),
        };
        response.with_header(header::WWW_AUTHENTICATE, challenge).into_response()
    }
}
