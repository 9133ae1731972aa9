//! Data loaders. They load what many fields of one request ask for with one statement. Each request has its own, so
//! that nobody sees what was loaded for somebody else. Most requests need none.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::audit::{Event, EventPage};
use crate::error::Error;
use crate::ids::AccountId;
use crate::passkeys::Passkey;
use crate::sessions::{Page, Session};
use crate::totp::store::Factors;
use crate::traces::detached;
use crate::trusted_devices::TrustedDevice;
use crate::use_cases::list_events::list_events;
use crate::use_cases::list_factors::list_factors;
use crate::use_cases::list_passkeys::list_passkeys;
use crate::use_cases::list_sessions::list_sessions;
use crate::use_cases::list_trusted_devices::list_trusted_devices;

/// The loaders of one request, each made when a field first asks for it.
pub(crate) struct Loaders {
    app: Arc<App>,
    sessions: OnceLock<DataLoader<SessionLoader>>,
    events: OnceLock<DataLoader<EventLoader>>,
    factors: OnceLock<DataLoader<FactorLoader>>,
    passkeys: OnceLock<DataLoader<PasskeyLoader>>,
    trusted_devices: OnceLock<DataLoader<TrustedDeviceLoader>>,
}

impl Loaders {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self {
            app,
            sessions: OnceLock::new(),
            events: OnceLock::new(),
            factors: OnceLock::new(),
            passkeys: OnceLock::new(),
            trusted_devices: OnceLock::new(),
        }
    }

    pub(crate) fn sessions(&self) -> &DataLoader<SessionLoader> {
        self.sessions.get_or_init(|| loader(SessionLoader(self.app.clone())))
    }

    pub(crate) fn events(&self) -> &DataLoader<EventLoader> {
        self.events.get_or_init(|| loader(EventLoader(self.app.clone())))
    }

    pub(crate) fn factors(&self) -> &DataLoader<FactorLoader> {
        self.factors.get_or_init(|| loader(FactorLoader(self.app.clone())))
    }

    pub(crate) fn passkeys(&self) -> &DataLoader<PasskeyLoader> {
        self.passkeys.get_or_init(|| loader(PasskeyLoader(self.app.clone())))
    }

    pub(crate) fn trusted_devices(&self) -> &DataLoader<TrustedDeviceLoader> {
        self.trusted_devices.get_or_init(|| loader(TrustedDeviceLoader(self.app.clone())))
    }
}

fn loader<T>(of: T) -> DataLoader<T> {
    DataLoader::new(of, spawn).delay(Duration::ZERO)
}

/// Loads pages of sessions.
pub(crate) struct SessionLoader(Arc<App>);

impl Loader<Page> for SessionLoader {
    type Value = Vec<Session>;
    type Error = Error;

    async fn load(&self, pages: &[Page]) -> Result<HashMap<Page, Vec<Session>>, Error> {
        let lists = list_sessions(&self.0, pages).await?;
        Ok(pages.iter().copied().zip(lists).collect())
    }
}

/// Loads pages of security events.
pub(crate) struct EventLoader(Arc<App>);

impl Loader<EventPage> for EventLoader {
    type Value = Vec<Event>;
    type Error = Error;

    async fn load(&self, pages: &[EventPage]) -> Result<HashMap<EventPage, Vec<Event>>, Error> {
        let lists = list_events(&self.0, pages).await?;
        Ok(pages.iter().copied().zip(lists).collect())
    }
}

/// Loads which second factors accounts have.
pub(crate) struct FactorLoader(Arc<App>);

impl Loader<AccountId> for FactorLoader {
    type Value = Factors;
    type Error = Error;

    async fn load(&self, accounts: &[AccountId]) -> Result<HashMap<AccountId, Factors>, Error> {
        let listed = list_factors(&self.0, accounts).await?;
        Ok(listed.into_iter().map(|factors| (factors.account, factors)).collect())
    }
}

/// Loads the passkeys of accounts.
pub(crate) struct PasskeyLoader(Arc<App>);

impl Loader<AccountId> for PasskeyLoader {
    type Value = Vec<Passkey>;
    type Error = Error;

    async fn load(&self, accounts: &[AccountId]) -> Result<HashMap<AccountId, Vec<Passkey>>, Error> {
        let mut passkeys: HashMap<_, Vec<_>> = HashMap::new();
        for passkey in list_passkeys(&self.0, accounts).await? {
            passkeys.entry(passkey.account).or_default().push(passkey);
        }
        Ok(passkeys)
    }
}

/// Loads which devices accounts trust.
pub(crate) struct TrustedDeviceLoader(Arc<App>);

impl Loader<AccountId> for TrustedDeviceLoader {
    type Value = Vec<TrustedDevice>;
    type Error = Error;

    async fn load(&self, accounts: &[AccountId]) -> Result<HashMap<AccountId, Vec<TrustedDevice>>, Error> {
        let mut lists: HashMap<AccountId, Vec<TrustedDevice>> = HashMap::new();
        for device in list_trusted_devices(&self.0, accounts).await? {
            lists.entry(device.account).or_default().push(device);
        }
        Ok(lists)
    }
}

/// Spawns what a loader does, as a part of the request.
fn spawn(work: BoxFuture<'static, ()>) -> JoinHandle<()> {
    tokio::spawn(detached(work))
}
