//! One private PostgreSQL for a whole test process. It is removed when the process ends, however it ends.
//!
//! A watchdog holds the reading end of a pipe whose writing end is ours. When we end, by return, panic, abort or
//! `kill -9`, the kernel closes it; the watchdog then stops PostgreSQL and removes the directory. At a normal
//! exit a destructor of the process waits for it, so that whoever sees the exit finds nothing left.

use std::{
    fs,
    io::{self, Read as _},
    os::unix::{fs::DirBuilderExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
};

use portcullis::db::embedded::{Embedded, EmbeddedError, Options};
use tokio::sync::OnceCell;

/// Ends only processes that it can identify: each postmaster by its file, then whatever still works in one of the
/// directories (an initdb, or a postmaster that has no file yet). A dead child of a process that waits for us is a
/// zombie, so whether PostgreSQL is gone is read from the file, which it removes last.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP QUIT
ours=$1
echo watching
while read -r line; do :; done
for file in "$ours"*/postgres/postmaster.pid; do
    pid=
    { read -r pid < "$file"; } 2>/dev/null
    if [ -n "$pid" ]; then kill -QUIT "$pid" 2>/dev/null; fi
done
for file in "$ours"*/postgres/postmaster.pid; do
    pid=
    { read -r pid < "$file"; } 2>/dev/null
    tries=0
    while [ -n "$pid" ] && [ -e "$file" ] && kill -0 "$pid" 2>/dev/null && [ $tries -lt 400 ]; do
        sleep 0.02
        tries=$((tries + 1))
    done
done
for process in /proc/[0-9]*; do
    case "$(readlink "$process/cwd" 2>/dev/null)" in
        "$ours"*) kill -KILL "${process#/proc/}" 2>/dev/null ;;
    esac
done
tries=0
until rm -rf "$ours"* 2>/dev/null || [ $tries -ge 100 ]; do
    sleep 0.02
    tries=$((tries + 1))
done
"#;

/// Durability is not tested and costs most of the time.
pub(crate) const FAST: [(&str, &str); 3] =
    [("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")];

/// One for all directories of this process.
static WATCHDOG_PROCESS: Mutex<Option<Child>> = Mutex::new(None);
static DATABASE: OnceCell<Embedded> = OnceCell::const_new();

/// The role that may do in the shared database what the server may not.
pub(crate) const SUPERUSER: &str = "postgres";

/// The URL of the database that all tests of this process share, with the credentials of the server's role.
pub(crate) async fn database_url() -> &'static str {
    let start = async || -> Result<Embedded, EmbeddedError> {
        let dir = watched_dir("shared");
        let mut options = options(&dir);
        options.settings.push(open_to_superusers(&dir));
        Embedded::start(options).await
    };
    DATABASE.get_or_try_init(start).await.expect("a private PostgreSQL").url()
}

/// A setting by which [`SUPERUSER`] needs no password, in `dir`.
pub(crate) fn open_to_superusers(dir: &Path) -> (String, String) {
    let rules = dir.join("open-hba.conf");
    let everybody = "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n";
    fs::write(&rules, format!("local all {SUPERUSER} trust\n{everybody}")).expect("a file");
    ("hba_file".to_owned(), rules.to_str().expect("UTF-8").to_owned())
}

/// Options for a fast PostgreSQL that is never fetched from the network.
pub(crate) fn options(data_dir: &Path) -> Options {
    let settings = FAST.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Options { download: false, settings, ..Options::new(data_dir) }
}

/// A new directory in which a PostgreSQL may be started. Both are removed when this process ends.
pub(crate) fn watched_dir(name: &str) -> PathBuf {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    // Without symbolic links: the watchdog compares it with what the kernel says.
    let parent = std::env::temp_dir().canonicalize().expect("a directory for temporary files");
    let ours = format!("portcullis-{}-", std::process::id());
    let dir = parent.join(format!("{ours}{name}-{number}"));
    watch(&parent.join(ours)).expect("a watchdog");
    // A process with the same number, whose watchdog was killed as well, may have left it.
    _ = fs::remove_dir_all(&dir);
    // As root, PostgreSQL runs as another user, who must have access.
    fs::DirBuilder::new().mode(0o711).create(&dir).expect("a temporary directory");
    dir
}

/// Waits until the watchdog of all directories that begin so has reported that it runs. From then on nothing can be
/// left behind.
fn watch(ours: &Path) -> io::Result<()> {
    let mut running = WATCHDOG_PROCESS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if running.is_some() {
        return Ok(());
    }
    let mut watchdog = Command::new("/bin/sh");
    // Its own group: Ctrl-C at the terminal must not end it before its work. No output of ours: whoever reads
    // that to its end must not wait for a process that outlives us.
    watchdog.args(["-c", WATCHDOG, "watchdog"]).arg(ours).process_group(0).current_dir("/");
    let mut child = watchdog.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut greeting = [0; 9];
    child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?.read_exact(&mut greeting)?;
    *running = Some(child);
    Ok(())
}

/// Runs after main, where printing and thread-locals may be gone: only pipes and waiting.
#[dtor::dtor(unsafe)]
fn at_exit() {
    let running = WATCHDOG_PROCESS.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
    if let Some(mut watchdog) = running {
        drop(watchdog.stdin.take());
        // Nobody is left who could be told of an error.
        _ = watchdog.wait();
    }
}
