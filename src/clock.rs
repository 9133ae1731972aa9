//! The only place that reads the time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, Utc};
use uuid::{NoContext, Uuid};

/// A point in time, in whole microseconds as PostgreSQL keeps it.
pub type Timestamp = DateTime<Utc>;

/// A source of the time: the system, or a test.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The system's wall clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn system() -> Self {
        Self(Arc::new(Utc::now))
    }

    /// A clock that calls `read` each time.
    pub fn from_fn(read: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The current time. It is cut to microseconds, so that answers have the same time as the database.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)().trunc_subsecs(6)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// A new id (UUIDv7, RFC 9562) of the time `now`. Later ones sort after it.
#[must_use]
pub fn new_id(now: Timestamp) -> Uuid {
    let seconds = now.timestamp().try_into().unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
}

/// A clock that stands still until it is moved.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl ManualClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(start)))
    }

    /// Advances the time by `by`.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// A [`Clock`] that shows this one's time.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let time = self.0.clone();
        Clock::from_fn(move || *time.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A moment on this machine's monotonic clock, which nobody can set. Unlike a [`Stopwatch`], it also counts the time
/// while the machine is suspended, if the system reports it.
#[derive(Clone, Copy, Debug)]
pub struct Uptime(Duration);

impl Uptime {
    /// This moment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn now() -> Self {
        #[cfg(target_os = "linux")]
        let clock = rustix::time::ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let clock = rustix::time::ClockId::Monotonic;
        let time = rustix::time::clock_gettime(clock);
        let (seconds, nanoseconds) = (time.tv_sec.try_into(), time.tv_nsec.try_into());
        Self(Duration::new(seconds.unwrap_or_default(), nanoseconds.unwrap_or_default()))
    }

    /// The time since this moment.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        Self::now().0.saturating_sub(self.0)
    }
}

/// Measures how long something takes. It has no date.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The current moment on the runtime's clock, for deadlines and pauses. It has no date.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place")]
pub(crate) fn moment() -> tokio::time::Instant {
    tokio::time::Instant::now()
}
