use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use tokio::io::AsyncWriteExt as _;
use tracing::{info, warn};

use super::{
    EmbeddedError, Installation, Options,
    layout::{Layout, make_dir},
    leftover, password,
    user::RunUser,
};

/// The server's role, which is no superuser, and its database are named alike.
pub(super) const NAME: &str = "portcullis";
/// Whom PostgreSQL makes first. It has no password, and nothing here connects as it.
const SUPERUSER: &str = "postgres";
/// For one setup program, on a very slow disk.
const SETUP_LIMIT: Duration = Duration::from_secs(300);

/// Sees that cluster, role, password and database exist, and returns the password. A start that is cut off
/// anywhere leaves no half of a cluster behind: all is made in a directory beside and renamed at the end.
pub(super) async fn ensure(
    layout: &Layout,
    installation: &Installation,
    user: &RunUser,
    options: &Options,
) -> Result<String, EmbeddedError> {
    let setup = Setup { layout, installation, user, options };
    remove_stages(&layout.data_dir);
    let kept = password::read(layout)?;
    let is_new = !layout.cluster.exists();
    let password = match &kept {
        Some(password) => password.clone(),
        None => password::make(layout, user)?,
    };
    match (is_new, kept.is_some()) {
        (true, _) => setup.create(&password).await?,
        (false, true) => {}
        (false, false) => setup.change_password(&password).await?,
    }
    Ok(password)
}

struct Setup<'a> {
    layout: &'a Layout,
    installation: &'a Installation,
    user: &'a RunUser,
    options: &'a Options,
}

impl Setup<'_> {
    async fn create(&self, password: &str) -> Result<(), EmbeddedError> {
        info!(cluster = %self.layout.cluster.display(), "creating the private PostgreSQL cluster");
        // A name of its own: an initdb that outlived a killed server may still be writing to the last one.
        let stage = self.layout.data_dir.join(format!("postgres.new-{}", &password::random_hex()?[..8]));
        make_dir(&stage, 0o700)?;
        self.user.own(&stage)?;

        let mut initdb = self.user.command(self.installation.program("initdb"), &stage);
        // The file of the cluster lets nobody in, ours counts (access.rs).
        initdb.args(["-U", SUPERUSER, "-A", "reject", "--locale=C", "-E", "UTF8"]);
        initdb.args(["--data-checksums", "--no-instructions"]);
        initdb.arg("-D").arg(&stage);
        if self.options.settings.iter().any(|(name, value)| name == "fsync" && value == "off") {
            initdb.arg("--no-sync");
        }
        self.run("initdb", initdb, "").await?;
        let role = format!("CREATE ROLE {NAME} LOGIN PASSWORD {}\n", quoted(password));
        self.single_user(&stage, &format!("{role}CREATE DATABASE {NAME} OWNER {NAME}\n")).await?;

        let cluster = &self.layout.cluster;
        fs::rename(&stage, cluster).map_err(EmbeddedError::file("create directory", cluster))?;
        sync(&self.layout.data_dir)
    }

    /// Whoever can write here owns the data anyway, so a lost password file is no reason to be locked out.
    async fn change_password(&self, password: &str) -> Result<(), EmbeddedError> {
        warn!(file = %self.layout.password.display(), "the database password was lost, setting a new one");
        let changed =
            self.single_user(&self.layout.cluster, &format!("ALTER ROLE {NAME} PASSWORD {}\n", quoted(password))).await;
        if changed.is_err() {
            // Or the next start would take it for the one in force.
            fs::remove_file(&self.layout.password).map_err(EmbeddedError::file("remove", &self.layout.password))?;
        }
        changed
    }

    /// Runs statements, one a line, on a cluster that no server runs on, as the superuser.
    async fn single_user(&self, cluster: &Path, statements: &str) -> Result<(), EmbeddedError> {
        let mut postgres = self.user.command(self.installation.program("postgres"), cluster);
        leftover::disregard_stale(&mut postgres, cluster, self.user);
        postgres.arg("--single").arg("-D").arg(cluster);
        // A failed statement must not show in the output: it may hold the password.
        for setting in ["exit_on_error=on", "log_min_error_statement=panic", "huge_pages=off"] {
            postgres.args(["-c", setting]);
        }
        for (name, value) in &self.options.settings {
            postgres.arg("-c").arg(format!("{name}={value}"));
        }
        postgres.arg("postgres");
        self.run("postgres --single", postgres, statements).await
    }

    async fn run(&self, name: &'static str, command: Command, input: &str) -> Result<(), EmbeddedError> {
        let program = PathBuf::from(command.get_program());
        let failed = |source| EmbeddedError::Run { program, user: self.user.name(), source };
        let ended = tokio::time::timeout(SETUP_LIMIT, output(command, input)).await;
        let Output { status, stdout, stderr } = ended
            .map_err(|_| EmbeddedError::TooSlow { program: name, seconds: SETUP_LIMIT.as_secs() })?
            .map_err(failed)?;
        if status.success() {
            return Ok(());
        }
        let output = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        Err(EmbeddedError::Setup { program: name, status, output: output.trim_end().to_owned() })
    }
}

/// As SQL writes a text.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

async fn output(mut command: Command, input: &str) -> std::io::Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).process_group(0).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ended early says why by itself.
        _ = stdin.write_all(input.as_bytes()).await;
    }
    child.wait_with_output().await
}

/// What interrupted first starts left. One that can't be removed is in nobody's way.
fn remove_stages(data_dir: &Path) {
    for entry in fs::read_dir(data_dir).into_iter().flatten().flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(b"postgres.new")
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            warn!(path = %entry.path().display(), %error, "can't remove what an interrupted start left");
        }
    }
}

fn sync(dir: &Path) -> Result<(), EmbeddedError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(EmbeddedError::file("write", dir))
}
