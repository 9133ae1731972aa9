//! Passkeys with clients and authenticators that others wrote: Chromium with a virtual authenticator, and soft-webauthn of PyPI.

mod chromium;
mod page_behind_links;
mod soft_webauthn;
mod virtual_authenticator;
