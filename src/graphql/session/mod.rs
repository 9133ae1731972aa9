//! Sessions: opening, continuing, seeing and ending them.

mod complete_sign_in;
mod devices;
pub(super) mod list;
pub(super) mod login;
mod logout;
pub(super) mod object;
mod passkey;
mod reauthenticate;
mod refresh;
pub(super) mod tokens;

use async_graphql::MergedObject;

#[derive(MergedObject, Default)]
pub(crate) struct SessionMutation(
    login::LoginMutation,
    complete_sign_in::CompleteSignInMutation,
    passkey::PasskeySignInMutation,
    refresh::RefreshMutation,
    logout::LogoutMutation,
    devices::DevicesMutation,
    reauthenticate::ReauthenticateMutation,
);
