//! Chooses one of the machine's installations of PostgreSQL.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use super::{
    EmbeddedError, Options, fetch,
    installation::{Installation, OLDEST_MAJOR, newest_first, output},
    layout::Layout,
};

/// The installation for this data directory. If there is data, it must be of the major version that wrote it.
pub(super) async fn choose(layout: &Layout, options: &Options) -> Result<Installation, EmbeddedError> {
    let wanted = fs::read_to_string(layout.cluster.join("PG_VERSION")).ok().and_then(|text| text.trim().parse().ok());
    let places = options.bin_dirs.clone().unwrap_or_else(|| [usual_places(), fetch::fetched(layout)].concat());
    let mut found = Vec::new();
    for installation in places.into_iter().filter_map(Installation::at) {
        if wanted.is_none_or(|major| major == installation.major) {
            return Ok(installation);
        }
        found.push(installation.major.to_string());
    }
    if let Some(dirs) = options.bin_dirs.as_ref().filter(|dirs| !dirs.is_empty() && found.is_empty()) {
        return Err(EmbeddedError::NotInDirectory { oldest: OLDEST_MAJOR, dirs: dirs.clone() });
    }
    let fetch = match options.download {
        true => match fetch::fetch(layout, wanted).await {
            Ok(installation) => return Ok(installation),
            Err(why) => why,
        },
        false => "fetching is switched off".to_owned(),
    };
    found.dedup();
    match wanted {
        Some(wanted) if !found.is_empty() => {
            let cluster = layout.cluster.clone();
            Err(EmbeddedError::WrongVersion { cluster, wanted, found: found.join(", "), fetch })
        }
        _ => Err(EmbeddedError::NotInstalled { oldest: OLDEST_MAJOR, fetch }),
    }
}

/// The directories to search, in order of preference. There are several, because Debian keeps the programs off PATH
/// and may lack `pg_config`, and `pg_config` may name a directory without a server.
fn usual_places() -> Vec<PathBuf> {
    let mut places = Vec::new();
    places.extend(output("pg_config", "--bindir").map(|line| PathBuf::from(line.trim_end())));
    for (parent, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql@"),
        ("/usr/local/opt", "postgresql@"),
        ("/Applications/Postgres.app/Contents/Versions", ""),
    ] {
        places.extend(newest_first(Path::new(parent), prefix));
        if parent == "/usr" {
            places.push("/usr/bin".into());
        }
    }
    places.extend(env::var_os("PATH").iter().flat_map(env::split_paths).filter(|dir| dir.is_absolute()));
    let mut seen = std::collections::HashSet::new();
    places.retain(|place| seen.insert(place.clone()));
    places
}
