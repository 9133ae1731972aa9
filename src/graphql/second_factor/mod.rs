//! The second factors of an account.

mod enrolment;
pub(super) mod factors;
pub(super) mod passkeys;
pub(super) mod problem;
mod recovery_codes;
mod totp;
pub(super) mod trusted_devices;

use async_graphql::MergedObject;

/// The mutations that change second factors.
#[derive(MergedObject, Default)]
pub(super) struct SecondFactorMutation(
    totp::TotpMutation,
    recovery_codes::RecoveryCodesMutation,
    passkeys::add::AddPasskeyMutation,
    trusted_devices::TrustedDevicesMutation,
    enrolment::EnrolmentMutation,
    passkeys::manage::ManagePasskeysMutation,
);
