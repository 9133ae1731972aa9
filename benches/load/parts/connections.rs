//! Few connections and many.

use super::requests::{questions, wires};
use crate::awake::Awake;
use crate::contender::Contender;
use crate::report::Report;
use crate::setting::Setting;
use crate::slice::Slice;
use crate::support::Outcome;

const NUMBERS: [(usize, &str); 4] = [(1, "me, 1"), (16, "me, 16"), (64, "me, 64"), (256, "me, 256")];
const ACCOUNTS: usize = 16;

pub(crate) async fn measure(setting: &Setting, report: &mut Report) -> Outcome {
    let server = setting.server(&[]).await?;
    let questions = questions(&setting.accounts(&server, ACCOUNTS).await?);
    let mut all = Vec::new();
    for (number, name) in NUMBERS {
        all.push(Contender::new(name, wires(&server, &questions, number).await?, setting.meter(&server)?));
    }
    let awake = Awake::start();
    for _ in 0..setting.rounds {
        for contender in &mut all {
            contender.turn(setting.duration).await?;
        }
    }
    drop(awake);
    all.iter().for_each(|contender| report.add(contender));
    if let [_, few, _, many] = all.as_slice() {
        report.compare("a second: me on 256 connections to 16", (many, few), Slice::rate, None);
    }
    drop(all);
    server.stop().await
}
