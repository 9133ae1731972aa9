//! The states of a registration, against a model.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::{VERIFIED, another, by_code, confirm, register};
use crate::fuzz::run;
use crate::support::TestApp;
use crate::support::mails::Mail;

/// What somebody does.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Asks for one more mail.
    Ask,
    /// Tries the code of a mail, counted from the newest.
    Right(usize),
    /// Tries a wrong code in the flow of that mail.
    Wrong(usize),
    /// Follows the link of that mail.
    Link(usize),
    /// Waits for some minutes.
    Wait(u8),
}

/// What is to be expected of a flow.
struct Flow {
    pending: Value,
    mail: Mail,
    begun: u64,
    tries: i64,
    used: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => Just(Step::Ask),
        2 => (0..3_usize).prop_map(Step::Right),
        4 => (0..3_usize).prop_map(Step::Wrong),
        1 => (0..3_usize).prop_map(Step::Link),
        2 => (1..25_u8).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..25)
}

/// Checks the answers against a model that knows of each flow when it began and how many codes were tried. `email` has no
/// account yet.
async fn holds(app: &TestApp, email: &str, steps: &[Step]) -> Result<(), TestCaseError> {
    let client = app.anonymous();
    let (mut flows, mut minutes, mut exists) = (Vec::<Flow>::new(), 0, false);
    for step in steps {
        let (place, proof_is_right) = match *step {
            Step::Ask => {
                let pending = register(&client, email).await;
                prop_assert_eq!(&pending["__typename"], "RegistrationPending");
                if !exists {
                    let mail = app.mail_to(email).await;
                    flows.push(Flow { pending, mail, begun: minutes, tries: 0, used: false });
                }
                continue;
            }
            Step::Wait(time) => {
                minutes += u64::from(time);
                app.clock.advance(Duration::from_secs(60 * u64::from(time)));
                continue;
            }
            Step::Right(place) | Step::Link(place) => (place, true),
            Step::Wrong(place) => (place, false),
        };
        let Some(place) = flows.len().checked_sub(place + 1) else { continue };
        let tried: i64 = flows.iter().filter(|flow| minutes - flow.begun < 60).map(|flow| flow.tries).sum();
        let flow = &mut flows[place];
        let age = minutes - flow.begun;
        let is_link = matches!(step, Step::Link(_));
        let expected = match () {
            () if flow.used || age >= 60 => "FlowExpired",
            () if !is_link && tried >= 10 => "RateLimited",
            () if !is_link && (age >= 10 || flow.tries >= 5) => "FlowExpired",
            () if !proof_is_right => "InvalidCode",
            () if exists => "EmailTaken",
            () => "RegisterSuccess",
        };
        let proof = match step {
            Step::Link(_) => json!({ "link": flow.mail.link() }),
            Step::Right(_) => by_code(&flow.pending, &flow.mail.code()),
            _ => by_code(&flow.pending, another(&flow.mail.code())),
        };
        let answer = confirm(&client, proof).await;
        prop_assert_eq!(&answer["__typename"], expected, "{:?} {}", step, answer);
        match expected {
            "InvalidCode" => {
                flow.tries += 1;
                prop_assert_eq!(&answer["triesLeft"], 5 - flow.tries);
            }
            "RegisterSuccess" => (flow.used, exists) = (true, true),
            _ => {}
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_has_only_the_states_that_it_may_have() {
    let app = TestApp::with(VERIFIED).await;
    let cases = std::cell::Cell::new(0);
    run(40, &steps(), |steps| {
        cases.set(cases.get() + 1);
        let email = format!("ada{}@example.com", cases.get());
        Handle::current().block_on(holds(&app, &email, &steps))
    });
}
