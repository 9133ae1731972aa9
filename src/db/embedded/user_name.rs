//! Names of the operating system's users.

/// The name of the user that runs this process.
pub(super) fn my_name() -> String {
    name_of(rustix::process::geteuid().as_raw())
}

pub(super) fn name_of(uid: u32) -> String {
    uzers::get_user_by_uid(uid).map_or_else(|| uid.to_string(), |user| user.name().to_string_lossy().into_owned())
}
