//! Changes of sessions, accounts and keys, pushed to this instance by the database.
//!
//! Triggers send a notification for each change, whoever makes it. To detect missed notifications, the feed has a
//! heartbeat: one connection sends a number, and another must receive it. PostgreSQL delivers notifications in the
//! order of their commits, so a number that arrives proves that everything that was committed before it was sent has
//! arrived as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout_at};
use uuid::Uuid;

use super::SessionCache;
use super::freshness::{Freshness, Heartbeat, Said};
use crate::clock::moment;
use crate::db::Target;
use crate::db::notifications::{Listener, Speaker};
use crate::error::Error;
use crate::ids::{AccountId, SessionId};

/// Shortest time to wait for a connection, even if the feed's timeout is shorter.
const CONNECT: Duration = Duration::from_secs(2);

/// Counters of what was received. A task that watches one is woken when it changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Changes of sessions and accounts, and gaps in which some may have been missed.
    pub changes: u64,
    /// Changes of keys, and gaps.
    pub keys: u64,
    /// Mails that were written, and gaps.
    pub mails: u64,
}

/// The feed of one instance. It ends when dropped.
#[derive(Debug)]
pub struct Feed {
    heard: watch::Sender<Heard>,
    freshness: Arc<Freshness>,
    /// `None` where there is none, behind a pooler.
    task: Option<JoinHandle<()>>,
}

/// The two connections: it listens at the database itself, and sends the heartbeat by the way of all other
/// statements. That proves that the feed belongs to the database in use.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) listen: Target,
    pub(crate) speak: Target,
}

struct Follower {
    source: Source,
    session_cache: Arc<SessionCache>,
    freshness: Arc<Freshness>,
    heard: watch::Sender<Heard>,
    unheard: Arc<Unheard>,
}

/// Whether it was logged that the feed is lost. It is logged once each time.
#[derive(Default)]
struct Unheard(AtomicBool);

impl Unheard {
    fn tell(&self, why: &str) {
        if !self.0.swap(true, Ordering::AcqRel) {
            tracing::warn!(
                why,
                "the feed of changes is not heard: every request asks the database until it is. Where DATABASE_URL leads to a \
                 pooler, PORTCULLIS_DATABASE_DIRECT_URL must lead past it"
            );
        }
    }

    fn is_over(&self) {
        if self.0.swap(false, Ordering::AcqRel) {
            tracing::info!("the feed of changes is heard again");
        }
    }
}

impl Feed {
    /// Follows the changes, and removes what changed from `session_cache`. Returns when the first heartbeat has
    /// arrived, or when it is overdue. Without the feed the instance works all the same, and queries the database for
    /// each request.
    pub(crate) async fn start(source: Source, session_cache: Arc<SessionCache>, freshness: Arc<Freshness>) -> Self {
        let heard = watch::Sender::new(Heard::default());
        if source.listen.is_pooled() {
            tracing::warn!(
                "there is no feed of changes through a pooler: every request asks the database. \
                 PORTCULLIS_DATABASE_DIRECT_URL names the way past it"
            );
            return Self { task: None, heard, freshness };
        }
        let unheard = Arc::new(Unheard::default());
        let follower = Follower {
            source,
            session_cache,
            freshness: freshness.clone(),
            heard: heard.clone(),
            unheard: unheard.clone(),
        };
        let feed = Self { task: Some(tokio::spawn(follower.run())), heard, freshness };
        let limit = feed.freshness.limit().max(CONNECT);
        // The first heartbeat closes the gap before it.
        if timeout_at(moment() + limit, feed.follow().wait_for(|heard| heard.changes > 0)).await.is_err() {
            unheard.tell(&format!("it does not echo within {limit:?}"));
        }
        feed
    }

    /// The counters from now on.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<Heard> {
        self.heard.subscribe()
    }

    /// Ends it, before the database is stopped. It stays fresh for no longer than after any other loss.
    pub(crate) fn end(&self) {
        self.task.iter().for_each(JoinHandle::abort);
    }

    /// Whether there is a feed at all.
    pub(crate) fn is_followed(&self) -> bool {
        self.task.is_some()
    }

    /// How long ago it was last certain that no change was missed. `None` if it never was.
    pub(crate) fn age(&self) -> Option<Duration> {
        self.freshness.age()
    }

    /// Whether no change that is older than the limit can have been missed.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.freshness.is_fresh()
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.end();
    }
}

impl Follower {
    async fn run(self) {
        loop {
            let Err(why) = self.follow().await;
            self.freshness.lose();
            self.unheard.tell(&why.to_string());
            sleep(self.pace()).await;
        }
    }

    /// The interval of heartbeats: a quarter of the time after which one is overdue.
    fn pace(&self) -> Duration {
        self.freshness.limit() / 4
    }

    /// Runs until a connection is lost or a heartbeat is overdue.
    async fn follow(&self) -> Result<std::convert::Infallible, Error> {
        let limit = self.freshness.limit();
        let connect = limit.max(CONNECT);
        let speaker = Speaker::open(&self.source.speak, connect).await?;
        let channel = speaker.channel(connect).await?;
        // The numbers differ each time: one from an earlier connection that arrives late proves nothing about this
        // one.
        let own = format!("portcullis_beat_{}", Uuid::new_v4().simple());
        let mails = channel.replacen("portcullis_", "portcullis_mail_", 1);
        let mut listener = Listener::open(&self.source.listen, &[&channel, &own, &mails], connect).await?;
        let heartbeat = Heartbeat::default();
        let beat = async {
            loop {
                let number = heartbeat.say(&self.freshness);
                speaker.say(&own, &number.to_string(), limit).await?;
                sleep(self.pace()).await;
            }
        };
        let hear = async {
            let mut deadline = moment() + limit;
            loop {
                let next = timeout_at(deadline, listener.hear()).await;
                let next = next.map_err(|_| Error::unavailable(format!("it does not echo within {limit:?}")))?;
                let (from, text) = next.ok_or_else(|| Error::unavailable("its connection was closed"))?;
                if from == channel {
                    self.take_in(&text);
                } else if from == mails {
                    self.heard.send_modify(|heard| heard.mails += 1);
                } else if let Some(said) = text.parse().ok().and_then(|number| heartbeat.hear(number)) {
                    deadline = moment() + limit.saturating_sub(self.freshness.since(said));
                    self.confirm(said);
                }
            }
        };
        tokio::select! {
            ended = beat => ended,
            ended = hear => ended,
        }
    }

    /// Everything that was committed before this heartbeat was sent has been processed. After a gap the cache is
    /// cleared.
    fn confirm(&self, said: Said) {
        if self.freshness.is_fresh() {
            return self.freshness.confirm(said);
        }
        self.session_cache.clear();
        self.freshness.confirm(said);
        self.heard.send_modify(|heard| {
            heard.changes += 1;
            heard.keys += 1;
            heard.mails += 1;
        });
        self.unheard.is_over();
    }

    /// Processes the notification of a trigger. One that this version does not know may mean anything.
    fn take_in(&self, text: &str) {
        let (what, id) = text.split_once(' ').unwrap_or((text, ""));
        match (what, Uuid::parse_str(id)) {
            ("session", Ok(id)) => self.session_cache.forget_sessions(&[SessionId(id)]),
            ("account", Ok(id)) => self.session_cache.forget_account(AccountId(id)),
            ("keys", _) => return self.heard.send_modify(|heard| heard.keys += 1),
            _ => self.session_cache.clear(),
        }
        self.heard.send_modify(|heard| heard.changes += 1);
    }
}
