//! What is measured, one at a time.

/// Something that is asked of a server or, where servers do it by themselves or not at all, of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Me,
    Sessions,
    Refresh,
    Login,
    Register,
    Search,
    CleanUpSessions,
    CleanUpEvents,
}

impl Operation {
    pub(crate) const ALL: [Self; 8] = [
        Self::Me,
        Self::Sessions,
        Self::Refresh,
        Self::Login,
        Self::Register,
        Self::Search,
        Self::CleanUpSessions,
        Self::CleanUpEvents,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Me => "me, uncached",
            Self::Sessions => "sessions list",
            Self::Refresh => "refresh",
            Self::Login => "login, least hash",
            Self::Register => "register, least hash",
            Self::Search => "search by prefix, SQL",
            Self::CleanUpSessions => "clean-up of 1000 sessions, SQL",
            Self::CleanUpEvents => "clean-up of 1000 events, SQL",
        }
    }

    /// How often it is done where others are done so often: clearing away takes long.
    pub(crate) fn share(self, requests: usize) -> usize {
        match self {
            Self::CleanUpSessions | Self::CleanUpEvents => requests.div_ceil(10),
            _ => requests,
        }
    }
}
