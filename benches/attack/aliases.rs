//! Logins as aliases of one document, and as many documents as it takes when that is refused.

use std::net::Ipv4Addr;

use portcullis::clock::Stopwatch;
use serde_json::{Value, json};

use crate::support::Outcome;
use crate::support::client::{Account, Connection, Question};

const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 1, 0, 1);

/// Passwords that one address may have compared for one account: PORTCULLIS_LIMIT_LOGIN's default.
const LIMIT: usize = 10;

pub(crate) struct Said {
    logins: usize,
    /// What one document with all of them was answered with, and how many milliseconds that took.
    whole: (String, f64),
    /// How many one document may have.
    portion: usize,
    compared: usize,
    limited: usize,
}

pub(crate) async fn attack(address: &str, owner: &Account, logins: usize) -> Outcome<Said> {
    let mut connection = Connection::open_from(ATTACKER, address).await?;
    let watch = Stopwatch::start();
    let answer = send(&mut connection, owner, logins).await?;
    let took = watch.elapsed().as_secs_f64() * 1000.0;
    let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("an answer").to_owned();
    let (mut portion, mut sent) = (logins, 0);
    let (mut compared, mut limited) = (0, 0);
    while sent < logins {
        let answer = send(&mut connection, owner, portion).await?;
        let Some(fields) = answer["data"].as_object() else {
            portion = (portion / 2).max(1);
            continue;
        };
        sent += portion;
        for (_, login) in fields {
            match login["__typename"].as_str() {
                Some("InvalidCredentials") => compared += 1,
                Some("RateLimited") => limited += 1,
                other => return Err(format!("{other:?}").into()),
            }
        }
    }
    Ok(Said { logins, whole: (code, took), portion, compared, limited })
}

async fn send(connection: &mut Connection, owner: &Account, logins: usize) -> Outcome<Value> {
    // Short enough for the largest body.
    let aliases: String = (0..logins).map(|number| format!("a{number}:login(input:$input){{__typename}} ")).collect();
    let document = format!("mutation ($input: LoginInput!) {{ {aliases} }}");
    let input = json!({ "input": { "identifier": owner.email, "password": "a wrong password" } });
    let (_, body) = connection.send(&Question::of(&document, input)).await?;
    Ok(serde_json::from_slice(&body)?)
}

/// Prints it. Returns how many things are wrong.
pub(crate) fn tell(said: &Said) -> usize {
    let Said { logins, whole: (code, took), portion, compared, limited } = said;
    println!("  one document of {logins} logins: {code}, after {took:.1} ms");
    println!("  {portion} a document, one after the other: {compared} compared, {limited} limited");
    usize::from(*compared > LIMIT)
}
