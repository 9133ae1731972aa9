//! Logins that come all at once, and what becomes of everybody else, and of the server's memory.

use std::time::Duration;

use super::requests::{questions, wires};
use crate::argon::COST;
use crate::clients::Client;
use crate::contender::Contender;
use crate::report::Report;
use crate::setting::{Setting, connections};
use crate::slice::Slice;
use crate::support::client::{Account, Question};
use crate::support::record::{Ratio, Target};
use crate::support::server::Server;
use crate::support::{Outcome, memory};

const STORM: usize = 256;
const BESIDE: usize = 8;
const ACCOUNTS: usize = 64;
/// In MiB.
const ALLOWED_BESIDE_HASHES: f64 = 50.0 * 1e6 / 1_048_576.0;
/// In MiB: so much is called nothing.
const ALLOWED_AFTER: f64 = 10.0;
/// How long the server has to give memory back.
const PATIENCE: usize = 15;

pub(crate) async fn measure(setting: &Setting, report: &mut Report) -> Outcome {
    // Nobody has hashed on the server that is measured.
    let other = setting.server(&[]).await?;
    let accounts = setting.accounts(&other, ACCOUNTS).await?;
    other.stop().await?;
    let server = setting.server(&[]).await?;
    let me = questions(&accounts);
    let mut alone = Contender::new("me, alone", wires(&server, &me, BESIDE).await?, setting.meter(&server)?);
    let mut beside = Contender::new("me, in a storm", wires(&server, &me, BESIDE).await?, setting.meter(&server)?);
    let mut storm = Contender::new("login, the storm", Vec::new(), setting.meter(&server)?);
    alone.turn(setting.duration).await?;
    alone.slices.clear();

    let before = memory::resident(server.process()?)?;
    storm.with(logging_in(&server, &accounts).await?);
    for _ in 0..setting.rounds {
        alone.turn(2 * setting.duration).await?;
        tokio::try_join!(beside.turn(2 * setting.duration), storm.turn(2 * setting.duration))?;
    }
    report.add(&alone);
    report.add(&beside);
    report.add_storm(&storm);
    report.compare("p99: me in a storm to me alone", (&beside, &alone), Slice::p99, Some(Target::AtMost(3.0)));
    let grown = storm.slices.iter().filter_map(|slice| Some(slice.seen.as_ref()?.peak? - before)).collect();
    drop((alone, beside, storm));
    let hashes = setting.processors.numbers().len() as f64 * f64::from(COST.memory_kib) / 1024.0;
    let bound = Target::AtMost((hashes + ALLOWED_BESIDE_HASHES).round());
    report.ratios.push(Ratio::of("MiB: grown in the storm", grown, Some(bound)));
    let kept = vec![kept(&server, before).await?];
    report.ratios.push(Ratio::of("MiB: not given back after it", kept, Some(Target::AtMost(ALLOWED_AFTER))));
    server.stop().await
}

async fn logging_in(server: &Server, accounts: &[Account]) -> Outcome<Vec<Client>> {
    let connections = connections(server, STORM).await?.into_iter().zip(accounts.iter().cycle());
    Ok(connections.map(|(connection, account)| Client::Asking(connection, Question::login(account))).collect())
}

/// What the server has more than before once it has had time, in MiB.
async fn kept(server: &Server, before: f64) -> Outcome<f64> {
    let mut kept = memory::resident(server.process()?)? - before;
    for _ in 0..PATIENCE {
        if kept <= ALLOWED_AFTER {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        kept = memory::resident(server.process()?)? - before;
    }
    Ok(kept)
}
