//! Wrong passwords for one account from many addresses, while its owner signs in from another.

use std::net::Ipv4Addr;
use std::time::Duration;

use portcullis::clock::Stopwatch;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::Outcome;
use crate::support::client::{Account, Connection, Question};
use crate::support::times::percentile;

/// Passwords that all addresses together may have compared for one account in an hour before it is under attack, and then each
/// of them in ten minutes: defaults of PORTCULLIS_LIMIT_LOGIN_ACCOUNT and PORTCULLIS_LIMIT_LOGIN_ATTACKED.
const LIMITS: (usize, usize) = (100, 3);

/// Who the owner is, this time.
const OWNER: Ipv4Addr = Ipv4Addr::new(127, 9, 0, 2);

/// Between two logins of the owner's.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Default)]
pub(crate) struct Said {
    addresses: usize,
    seconds: f64,
    compared: usize,
    limited: usize,
    busy: usize,
    /// Of the owner's logins.
    owner: Vec<Duration>,
    refused: Vec<String>,
}

pub(crate) async fn attack(address: &str, owner: &Account, addresses: usize, passwords: usize) -> Outcome<Said> {
    let watch = Stopwatch::start();
    let mut running = JoinSet::new();
    for number in 0..addresses {
        let [high, low] = u16::try_from(number)?.to_be_bytes();
        let share = passwords / addresses + usize::from(number < passwords % addresses);
        let (address, email) = (address.to_owned(), owner.email.clone());
        running.spawn(
            async move { guess(&address, Ipv4Addr::new(127, 3, high, low.wrapping_add(1)), &email, share).await },
        );
    }
    let mut said = Said { addresses, ..Said::default() };
    let mut ticks = tokio::time::interval(PAUSE);
    loop {
        tokio::select! {
            guessed = running.join_next() => match guessed {
                Some(guessed) => {
                    let [compared, limited, busy] = guessed??;
                    said.compared += compared;
                    said.limited += limited;
                    said.busy += busy;
                }
                None => break,
            },
            _ = ticks.tick() => {
                let watch = Stopwatch::start();
                let mut connection = Connection::open_from(OWNER, address).await?;
                match connection.ask(&Question::login(owner)).await?.right() {
                    Ok(_) => said.owner.push(watch.elapsed()),
                    Err(why) => said.refused.push(why.to_string()),
                }
            }
        }
    }
    said.seconds = watch.elapsed().as_secs_f64();
    said.owner.sort_unstable();
    Ok(said)
}

/// Tries so many, one after the other. Returns how many were compared, limited, and answered with SERVER_BUSY.
async fn guess(address: &str, source: Ipv4Addr, email: &str, passwords: usize) -> Outcome<[usize; 3]> {
    let mut connection = Connection::open_from(source, address).await?;
    let mut said = [0; 3];
    for number in 0..passwords {
        let document = "mutation ($input: LoginInput!) { login(input: $input) { __typename } }";
        let input = json!({ "input": { "identifier": email, "password": format!("guess {number} of {source}") } });
        let (_, body) = connection.send(&Question::of(document, input)).await?;
        let answer: Value = serde_json::from_slice(&body)?;
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        match (answer["data"]["login"]["__typename"].as_str(), code) {
            (Some("InvalidCredentials"), _) => said[0] += 1,
            (Some("RateLimited"), _) => said[1] += 1,
            (_, Some("SERVER_BUSY")) => said[2] += 1,
            _ => return Err(format!("{answer}").into()),
        }
    }
    Ok(said)
}

/// Prints it. Returns how many things are wrong.
pub(crate) fn tell(said: &Said) -> usize {
    let Said { addresses, seconds, compared, limited, busy, owner, refused } = said;
    println!("  from {addresses} addresses in {seconds:.1} s: {compared} compared, {limited} limited, {busy} busy");
    println!(
        "  the owner, from another: {} logins, {} refused; p50 {:.0} ms, max {:.0} ms",
        owner.len(),
        refused.len(),
        percentile(owner, 0.5),
        percentile(owner, 1.0),
    );
    if let Some(why) = refused.first() {
        println!("  such as: {why}");
    }
    let (together, attacked) = LIMITS;
    let tenth = (seconds / 600.0).ceil() as usize;
    let inflow = tenth * (together / 6 + 1 + addresses * attacked);
    let most = together + addresses * attacked + inflow;
    refused.len() + usize::from(owner.is_empty()) + usize::from(*compared > most)
}
