//! The virtual authenticator of Chromium (DevTools protocol, domain WebAuthn).

use serde_json::{Value, json};

use crate::support::chromium::Chromium;

/// An authenticator of the device, which verifies its user.
pub(super) struct VirtualAuthenticator(Value);

impl VirtualAuthenticator {
    /// Gives the browser one. Its user agrees to everything at once.
    pub(super) fn of(browser: &mut Chromium) -> Self {
        browser.call("WebAuthn.enable", json!({ "enableUI": false }));
        let options = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": true, "automaticPresenceSimulation": true,
        });
        let made = browser.call("WebAuthn.addVirtualAuthenticator", json!({ "options": options }));
        Self(made["authenticatorId"].clone())
    }

    /// Its passkeys are lost.
    pub(super) fn forget(&self, browser: &mut Chromium) {
        browser.call("WebAuthn.clearCredentials", json!({ "authenticatorId": self.0 }));
    }

    /// How many passkeys it holds.
    pub(super) fn passkeys(&self, browser: &mut Chromium) -> usize {
        let held = browser.call("WebAuthn.getCredentials", json!({ "authenticatorId": self.0 }));
        held["credentials"].as_array().expect("a list").len()
    }
}
