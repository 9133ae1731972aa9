//! Sessions: opening, continuing, seeing and ending them.

mod devices;
pub(super) mod list;
pub(super) mod login;
mod logout;
pub(super) mod object;
mod reauthenticate;
mod refresh;
pub(super) mod tokens;

use async_graphql::MergedObject;

#[derive(MergedObject, Default)]
pub(crate) struct SessionMutation(
    login::LoginMutation,
    refresh::RefreshMutation,
    logout::LogoutMutation,
    devices::DevicesMutation,
    reauthenticate::ReauthenticateMutation,
);
