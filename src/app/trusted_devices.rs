//! Devices on which an account is signed in to without its second factor.

use super::App;
use crate::accounts::Account;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::AccountId;
use crate::mail::{Content, Device, Kind, Mail, Posting};
use crate::sessions::store::{ShownDevice, Trusting};
use crate::tokens::device::{DeviceToken, SignInTimes};

impl App {
    /// The device of a first step, whose token is genuine. The statement that opens the session decides whether the account trusts it.
    pub(crate) fn shown_device(&self, device: Option<&DeviceToken>, account: AccountId, now: Timestamp) -> ShownDevice {
        let may_be_trusted =
            |device: &&DeviceToken| self.trusts_devices() && device.account == account && device.is_alive(now);
        let device = device.filter(may_be_trusted);
        ShownDevice {
            device: device.map(|device| device.id()),
            device_password_of: device.map(|device| device.password_of()),
            trusted_since: self.trusted_since(now),
        }
    }

    /// Makes a device of this account that is trusted from now on, with what writes that down. It has a new id, so that nobody who has
    /// an older token of the same device is trusted. There is none if devices are not trusted, or if the account has no password, because
    /// device tokens belong to one.
    pub(crate) fn trust(
        &self,
        account: &Account,
        password_of: Option<Timestamp>,
        client: &Client,
        now: Timestamp,
    ) -> Result<(Option<DeviceToken>, Trusting), Error> {
        let trusted_until = now + self.config.trusted_device_ttl;
        let Some(password_of) = password_of.filter(|_| self.trusts_devices()) else {
            return Ok((None, Trusting { trusted_device: None, trusted_until, mail: Posting::default() }));
        };
        let device = DeviceToken::new(account.id, SignInTimes { password_of, now });
        let content = Content {
            username: account.username.clone(),
            trusted_until: Some(trusted_until),
            device: Some(Device::of(client, now)),
            ..Content::default()
        };
        let locale = &self.locale(None, client);
        let mail = Mail {
            kind: Kind::DeviceTrusted,
            account: Some(account.id),
            recipient: &account.email,
            locale,
            content: &content,
        };
        let mail = self.post(&mail, now)?;
        Ok((Some(device), Trusting { trusted_device: Some(device.id()), trusted_until, mail }))
    }

    /// Whether a device can take the place of a second factor here.
    pub(crate) fn trusts_devices(&self) -> bool {
        !self.config.trusted_device_ttl.is_zero()
    }

    /// The time after which a device must have come to be trusted, to be trusted at `now`.
    pub(crate) fn trusted_since(&self, now: Timestamp) -> Timestamp {
        now - self.config.trusted_device_ttl
    }
}
