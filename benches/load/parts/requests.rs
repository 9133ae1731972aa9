//! What a request costs, beside others that do less.

use crate::awake::Awake;
use crate::clients::Client;
use crate::contender::Contender;
use crate::peers::{self, Peer};
use crate::report::Report;
use crate::setting::Setting;
use crate::slice::Slice;
use crate::support::Outcome;
use crate::support::client::{Account, Question};
use crate::support::record::Target;
use crate::support::server::Server;
use crate::support::wire::Wire;

const CONNECTIONS: usize = 32;
const ACCOUNTS: usize = 16;

pub(crate) async fn measure(setting: &Setting, report: &mut Report) -> Outcome {
    let (bare, stock) =
        (peers::start(Peer::Bare, &setting.processors).await?, peers::start(Peer::Stock, &setting.processors).await?);
    let server = setting.server(&[]).await?;
    let logging = setting.server(&[("PORTCULLIS_LOG", "info")]).await?;
    let measured = setting.server(&[("PORTCULLIS_METRICS_LISTEN", "127.0.0.1:0")]).await?;
    let uncached = setting.server(&[("PORTCULLIS_SESSION_CACHE", "0")]).await?;
    let accounts = setting.accounts(&server, ACCOUNTS).await?;

    let typename = || vec![Question::typename()];
    let me = || questions(&accounts);
    let mut all = [
        contender("poem, bare", setting, &bare, typename()).await?,
        contender("stock { __typename }", setting, &stock, typename()).await?,
        contender("{ __typename }", setting, &server, typename()).await?,
        contender("me", setting, &server, me()).await?,
        contender("me, log at info", setting, &logging, me()).await?,
        contender("me, with metrics", setting, &measured, me()).await?,
        contender("me, uncached", setting, &uncached, me()).await?,
    ];
    let awake = Awake::start();
    for round in 0..setting.rounds {
        for turn in 0..all.len() {
            let index = if round % 2 == 0 { turn } else { all.len() - 1 - turn };
            all[index].turn(setting.duration).await?;
        }
    }
    drop(awake);
    all.iter().for_each(|contender| report.add(contender));
    compare(report, &all);
    drop(all);
    for server in [uncached, measured, logging, server, stock, bare] {
        server.stop().await?;
    }
    Ok(())
}

fn compare(report: &mut Report, [bare, stock, typename, me, logging, measured, uncached]: &[Contender; 7]) {
    let (cost, rate) = (Slice::server, Slice::rate);
    report.compare("server time: { __typename } to me", (typename, me), cost, Some(Target::AtLeast(0.8)));
    report.compare("server time: stock { __typename } to me", (stock, me), cost, Some(Target::AtLeast(1.0)));
    report.compare("server time: me, log at info, to me at warn", (logging, me), cost, Some(Target::AtMost(1.05)));
    report.compare("server time: me to me, with metrics", (me, measured), cost, Some(Target::AtLeast(0.97)));
    report.compare("server time: bare poem to { __typename }", (bare, typename), cost, None);
    report.compare("server time: me, uncached, to me", (uncached, me), cost, None);
    report.compare("a second: me to { __typename }", (me, typename), rate, None);
    report.compare("a second: me to stock { __typename }", (me, stock), rate, None);
    report.compare("a second: me, log at info, to me at warn", (logging, me), rate, None);
}

/// Who they are, asked by each of them.
pub(super) fn questions(accounts: &[Account]) -> Vec<Question> {
    accounts.iter().map(|account| Question::me(&account.session)).collect()
}

async fn contender(
    name: &'static str,
    setting: &Setting,
    server: &Server,
    questions: Vec<Question>,
) -> Outcome<Contender> {
    Ok(Contender::new(name, wires(server, &questions, CONNECTIONS).await?, setting.meter(server)?))
}

/// So many connections with these questions in turn.
pub(super) async fn wires(server: &Server, questions: &[Question], number: usize) -> Outcome<Vec<Client>> {
    let mut clients = Vec::with_capacity(number);
    for question in questions.iter().cycle().take(number) {
        clients.push(Client::Wire(Wire::open(&server.address, question).await?));
    }
    Ok(clients)
}
