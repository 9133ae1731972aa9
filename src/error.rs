//! What can go wrong below the transports, apart from the outcomes that a user causes.

use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use tracing::field::DisplayValue;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a request could not be carried out.
///
/// Its text, its causes and the place where it rose are for the log. The transports decide from the variant alone what a client
/// gets: a cause never reaches a client.
#[derive(Clone, Debug)]
pub enum Error {
    /// The caller is not signed in.
    Unauthenticated(Reason),
    /// Too much password work is waiting.
    Busy {
        /// When a new try has a good chance.
        retry_after: Duration,
    },
    /// The database is away, too slow, or refuses its service.
    Unavailable(Cause),
    /// The database answers and takes no changes: a standby, or one that a setting keeps from them.
    ReadOnly(Cause),
    /// The operator has switched off what was asked for. The sentence is for the client.
    Disabled(&'static str),
    /// A fault of ours.
    Internal(Cause),
}

/// What an error came from, and the place in our source where it became one of ours.
#[derive(Clone)]
pub struct Cause {
    error: Arc<dyn StdError + Send + Sync>,
    place: Place,
}

/// A line of source.
#[derive(Clone, Copy, Debug)]
pub struct Place(&'static Location<'static>);

impl Error {
    /// A fault of ours, which rose where this is called. Don't pass it to `map_err` by its name, which loses the
    /// place. [`OrInternal`] keeps it.
    #[track_caller]
    pub fn internal(cause: impl Into<BoxError>) -> Self {
        Self::Internal(Cause::here(cause.into()))
    }

    /// The database does not serve us. The place is kept as by [`Error::internal`].
    #[track_caller]
    pub(crate) fn unavailable(cause: impl Into<BoxError>) -> Self {
        Self::Unavailable(Cause::here(cause.into()))
    }

    /// The database takes no changes. The place is kept as by [`Error::internal`].
    #[track_caller]
    pub(crate) fn read_only(cause: impl Into<BoxError>) -> Self {
        Self::ReadOnly(Cause::here(cause.into()))
    }

    fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Unavailable(cause) | Self::ReadOnly(cause) | Self::Internal(cause) => Some(cause),
            Self::Unauthenticated(_) | Self::Busy { .. } | Self::Disabled(_) => None,
        }
    }

    /// The causes of the cause, from the nearest to the root, for the log. Those that the text before repeats are left out.
    #[must_use]
    pub fn causes(&self) -> Option<String> {
        let mut text = self.to_string();
        let mut causes = Vec::new();
        let mut next = self.source();
        while let Some(error) = next {
            let deeper = error.to_string();
            if !text.contains(&deeper) {
                causes.push(deeper.clone());
                text = deeper;
            }
            next = error.source();
        }
        (!causes.is_empty()).then(|| causes.join(": "))
    }

    /// The place where it rose, for the log.
    #[must_use]
    pub fn at(&self) -> Option<DisplayValue<Place>> {
        self.cause().map(|cause| tracing::field::display(cause.place))
    }

    /// The same, with the place where this is called if it rose within a library: diesel-async turns the error of a transaction
    /// that can't begin or commit into one of ours by itself.
    #[track_caller]
    pub(crate) fn risen_here(mut self) -> Self {
        if let Self::Unavailable(cause) | Self::ReadOnly(cause) | Self::Internal(cause) = &mut self
            && cause.place.in_our_source().is_none()
        {
            cause.place = Place(Location::caller());
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthenticated(reason) => write!(f, "unauthenticated: {reason}"),
            Self::Busy { .. } => f.write_str("busy: the password queue is full"),
            Self::Unavailable(cause) => write!(f, "unavailable: {cause}"),
            Self::ReadOnly(cause) => write!(f, "read-only: {cause}"),
            Self::Disabled(sentence) => write!(f, "switched off: {sentence}"),
            Self::Internal(cause) => write!(f, "internal: {cause}"),
        }
    }
}

impl StdError for Error {
    /// What is below the cause, whose own text is a part of the error's.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause()?.error.source()
    }
}

impl From<tokio::task::JoinError> for Error {
    /// Leaves out the panic's message, which may hold anything. The panic's hook has logged what may be shown of it.
    #[track_caller]
    fn from(error: tokio::task::JoinError) -> Self {
        Self::internal(if error.is_panic() { "a task panicked" } else { "a task was cancelled" })
    }
}

impl Cause {
    #[track_caller]
    fn here(error: BoxError) -> Self {
        Self { error: error.into(), place: Place(Location::caller()) }
    }
}

impl Place {
    /// The file below `src`, if it is one of this crate.
    fn in_our_source(self) -> Option<&'static str> {
        self.0.file().strip_prefix(file!().trim_end_matches("error.rs"))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl fmt::Debug for Cause {
    /// Shows no more than the log does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.to_string(), self.place)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.in_our_source() {
            Some(file) => write!(f, "src/{file}:{}", self.0.line()),
            None => write!(f, "{}:{}", self.0.file(), self.0.line()),
        }
    }
}

/// Turns the error of a library into a fault of ours.
pub(crate) trait OrInternal<T> {
    /// The same result; an error is an [`Error::Internal`] that rose where this is called.
    fn or_internal(self) -> Result<T, Error>;
}

impl<T, E: Into<BoxError>> OrInternal<T> for Result<T, E> {
    #[track_caller]
    fn or_internal(self) -> Result<T, Error> {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(Error::internal(error)),
        }
    }
}

/// Why a caller is not signed in. The names are part of the interface: `extensions.reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// No bearer token was sent.
    TokenMissing,
    /// It is not a token of ours: it is malformed, has a foreign key, issuer, audience or type, or was sent twice.
    TokenInvalid,
    /// A token of ours that has expired.
    TokenExpired,
    /// The token's session was ended or has expired, or its account is disabled or gone.
    SessionRevoked,
}

impl Reason {
    /// The name that clients see.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Level {
        text: &'static str,
        source: Option<Box<Level>>,
    }

    fn chain(texts: &[&'static str]) -> Option<Box<Level>> {
        let (text, rest) = texts.split_first()?;
        Some(Box::new(Level { text, source: chain(rest) }))
    }

    fn place(error: &Error) -> String {
        format!("{:?}", error.at().unwrap())
    }

    #[test]
    fn causes_go_down_to_the_root_and_repeat_nothing() {
        let causes = |texts: &[&'static str]| Error::internal(*chain(texts).unwrap()).causes();
        assert_eq!(causes(&["a"]), None);
        assert_eq!(causes(&["can't open: no such file", "no such file"]), None);
        assert_eq!(causes(&["can't open", "no such file"]).as_deref(), Some("no such file"));
        assert_eq!(causes(&["top", "top", "middle", "root"]).as_deref(), Some("middle: root"));
    }

    #[test]
    fn an_error_rises_where_it_becomes_ours() {
        let or_internal = || -> Result<i32, Error> { "x".parse::<i32>().or_internal() };
        let here = line!() - 1;
        assert_eq!(place(&or_internal().unwrap_err()), format!("src/error.rs:{here}"));
    }

    #[tokio::test]
    async fn the_text_of_a_panic_is_not_kept() {
        let secret = "hunter2".to_owned();
        let panicked = tokio::spawn(async move { panic!("{secret}") }).await;
        let panicked = Error::from(panicked.unwrap_err());
        assert!(!format!("{panicked} {panicked:?} {:?}", panicked.causes()).contains("hunter2"));
    }
}
