//! What an application sends in a day, in one row.

use crate::clients::Client;
use crate::contender::Contender;
use crate::day::Day;
use crate::report::Report;
use crate::setting::{Setting, connections};
use crate::support::Outcome;

const CONNECTIONS: usize = 32;

pub(crate) async fn measure(setting: &Setting, report: &mut Report) -> Outcome {
    let server = setting.server(&[]).await?;
    let accounts = setting.accounts(&server, CONNECTIONS).await?.into_iter();
    let pairs = connections(&server, CONNECTIONS).await?.into_iter().zip(accounts).zip(0..);
    let clients = pairs.map(|((connection, account), seed)| Client::Day(Box::new(Day::new(connection, account, seed))));
    let mut day = Contender::new("a mixed day", clients.collect(), setting.meter(&server)?);
    for _ in 0..setting.rounds {
        day.turn(setting.duration).await?;
    }
    report.add(&day);
    drop(day);
    server.stop().await
}
