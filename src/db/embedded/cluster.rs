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

/// The name of the server's role, which is not a superuser, and of its database.
pub(super) const NAME: &str = "portcullis";
/// The role that PostgreSQL creates first. It has no password, and nothing here connects as it.
const SUPERUSER: &str = "postgres";
/// The time limit of one setup program, on a very slow disk.
const SETUP_LIMIT: Duration = Duration::from_secs(300);

/// Makes sure that cluster, role, password and database exist, and returns the password. An interrupted start never
/// leaves half a cluster behind, because everything is created in another directory, which is renamed at the end.
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
        // The name is new each time, because an initdb that outlived a killed server may still be writing to the last
        // one.
        let stage = self.layout.data_dir.join(format!("postgres.new-{}", &password::random_hex()?[..8]));
        make_dir(&stage, 0o700)?;
        self.user.own(&stage)?;

        let mut initdb = self.user.command(self.installation.program("initdb"), &stage);
        // The file in the cluster permits nobody to connect. Ours is used instead (access.rs).
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

    /// Sets a new password if the file was lost. That gives nobody more rights, because someone who can write here
    /// owns the data anyway.
    async fn change_password(&self, password: &str) -> Result<(), EmbeddedError> {
        warn!(file = %self.layout.password.display(), "the database password was lost, setting a new one");
        let changed =
            self.single_user(&self.layout.cluster, &format!("ALTER ROLE {NAME} PASSWORD {}\n", quoted(password))).await;
        if changed.is_err() {
            // Otherwise the next start would use it although it was never set.
            fs::remove_file(&self.layout.password).map_err(EmbeddedError::file("remove", &self.layout.password))?;
        }
        changed
    }

    /// Runs statements, one on each line, as the superuser, on a cluster without a running server.
    async fn single_user(&self, cluster: &Path, statements: &str) -> Result<(), EmbeddedError> {
        let mut postgres = self.user.command(self.installation.program("postgres"), cluster);
        leftover::disregard_stale(&mut postgres, cluster, self.user);
        postgres.arg("--single").arg("-D").arg(cluster);
        // A failed statement must not appear in the output, because it may have the password.
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

/// The text as SQL writes it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

async fn output(mut command: Command, input: &str) -> std::io::Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).process_group(0).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ended early prints the reason itself.
        _ = stdin.write_all(input.as_bytes()).await;
    }
    child.wait_with_output().await
}

/// Removes what interrupted first starts left. Errors are ignored, because what is left does no harm.
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
