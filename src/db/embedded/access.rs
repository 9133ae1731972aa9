//! Who may connect.

use std::ffi::OsString;

use super::{EmbeddedError, layout::Layout, password, user::RunUser};

/// Only the server, and those who may read its password, can connect. The file is in our directory and not in the
/// cluster, where the user that runs PostgreSQL may write. It is created once, so operators may add lines.
const RULES: &str = "\
# Who may connect to the private PostgreSQL (pg_hba.conf of the PostgreSQL documentation). Portcullis reads this file in
# the place of postgres/pg_hba.conf, and makes it anew when it is missing.
local portcullis portcullis scram-sha-256
host portcullis portcullis 127.0.0.1/32 scram-sha-256
";

/// Makes sure that the file exists.
pub(super) fn ensure(layout: &Layout, user: &RunUser) -> Result<(), EmbeddedError> {
    if layout.access.exists() { Ok(()) } else { password::write(&layout.access, RULES, user) }
}

/// The setting that names the file.
pub(super) fn setting(layout: &Layout) -> OsString {
    let mut setting = OsString::from("hba_file=");
    setting.push(&layout.access);
    setting
}
