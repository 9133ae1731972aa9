//! Registering an account.

use std::time::Duration;

use crate::accounts::store::Owner;
use crate::accounts::{self, EmailAddress, NameTaken, NewAccount, PendingAccount, Username};
use crate::app::{App, Ask, EnrolmentStep, SignIn, Started};
use crate::client::Client;
use crate::clock::{Timestamp, new_id};
use crate::config::EmailVerification;
use crate::error::Error;
use crate::flows;
use crate::ids::AccountId;
use crate::limits::{AttemptOutcome, Decision, Refusal};
use crate::mail::{self, Locale};
use crate::passwords::{FirstGuesses, Weakness};
use crate::sessions::Method;
use crate::sessions::store::{Registered, open_with_account};
use crate::telemetry;
use crate::tokens::PlainToken;
use crate::tokens::device::{DeviceToken, SignInTimes};

pub(crate) use crate::accounts::{Fault, Registration};

/// The outcome of a registration.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The account was created and is signed in. The token is the device's.
    Success(Box<SignIn>, PlainToken),
    /// The account was created, and has to get a second factor before it is signed in.
    EnrolmentRequired(EnrolmentStep),
    /// Another account has the e-mail address or the username.
    Taken(NameTaken),
    /// These parts are not valid. The strength of the password was not checked.
    Invalid(Vec<Fault>),
    /// The password is easily guessed. The rest is valid.
    Weak(Weakness),
    /// There were too many registrations. The time says when to try again.
    Limited(Duration),
    /// Registration is closed.
    Closed,
    /// The account is created once the address is proven. The answer is the same if another account has the address.
    Pending(Started),
}

/// Creates an account and opens its first session, or sends a mail with which that is confirmed. `locale` is the language of the
/// mail, if the client asks for one.
///
/// # Errors
/// [`Error::Busy`] when too many passwords wait to be hashed; [`Error::Unavailable`] when the database is away. Then the
/// account may exist or not.
pub(crate) async fn register(
    app: &App,
    client: Client,
    typed: Registration,
    locale: Option<&str>,
) -> Result<Outcome, Error> {
    if !app.config.limits.open_registration {
        return Ok(Outcome::Closed);
    }
    let now = app.clock.now();
    if let Err(retry_after) = app.limits.attempt(&client, now) {
        return Ok(Outcome::Limited(retry_after));
    }
    let locale = app.locale(locale, &client);
    let context = FirstGuesses::new(&typed.email, typed.username.as_deref());
    // These checks cost next to nothing. The rest is only done if it can still succeed.
    let (email, username, password) = match typed.read() {
        Ok(parts) => parts,
        Err(faults) => return Ok(Outcome::Invalid(faults)),
    };
    let permit = app.passwords.permit()?;
    // This saves a hash. The statement below decides, because names may be taken in between. The answer reveals
    // whether there is such an account, if only by the time that the hash takes. So the attempt counts, whatever its
    // outcome is.
    let is_by_mail = app.config.mail.verification == EmailVerification::Required;
    let attempt = match is_by_mail {
        true => app.limits.register_by_mail(&client, &email.folded(), now),
        false => app.limits.register(&client, now),
    };
    let (limit, names) = app
        .db
        .run(async |connection| accounts::store::find_taken(connection, &email, username.as_ref(), &attempt).await)
        .await?;
    let taken = match limit {
        Decision::Refused(Refusal { retry_after, .. }) => return Ok(Outcome::Limited(retry_after)),
        Decision::Allowed(taken) => taken,
    };
    // What was taken from the limits of the address comes back if no mail is sent: whoever registers with another's address in
    // vain must not use up the mails of its owner.
    let without_mail = |taken| {
        if is_by_mail {
            app.charges().charge(taken).set_ending(AttemptOutcome::Wrong);
        }
    };
    match names.taken() {
        // Nobody but the owner of an address is told that it is taken.
        Some(NameTaken::Email) if is_by_mail && !names.username_is_taken => {}
        Some(name) if is_by_mail => {
            without_mail(taken);
            // Usernames are public.
            return Ok(Outcome::Taken(if names.username_is_taken { NameTaken::Username } else { name }));
        }
        Some(name) => return Ok(Outcome::Taken(name)),
        // Whoever changed the address of another's account must not keep it from being given back by a registration.
        None if names.email_may_be_reverted && !is_by_mail => return Ok(Outcome::Taken(NameTaken::Email)),
        None => {}
    }
    let hash = match permit.hash(password, context).await? {
        Ok(hash) => hash,
        Err(weakness) => {
            without_mail(taken);
            return Ok(Outcome::Weak(weakness));
        }
    };
    drop(permit);
    let now = app.clock.now();
    if is_by_mail {
        let pending = PendingAccount { username: username.as_ref().map(Username::as_str), hash: hash.as_str() };
        let started = pend(app, &client, &email, locale, &pending, names.owner, now).await?;
        return Ok(Outcome::Pending(started));
    }
    let account = NewAccount {
        id: AccountId(new_id(now)),
        email,
        email_verified_at: None,
        username,
        password: Some(hash),
        created_at: now,
    };
    create(app, client, account, now).await
}

/// Creates the account, and opens its first session.
async fn create(app: &App, client: Client, account: NewAccount, now: Timestamp) -> Result<Outcome, Error> {
    let (id, policy) = (account.id, app.second_factor_policy());
    let step = &app.second_step_of_new(&account, Method::Password, &client)?;
    let session = app.new_session(client, vec![Method::Password], now);
    let opened =
        app.db.run(async |connection| open_with_account(connection, account, session, step, policy).await).await?;
    match opened {
        Registered::Session(account, session) => {
            telemetry::record_account(id);
            let times = SignInTimes { password_of: account.created_at, now };
            let device = DeviceToken::new(id, times).mint(&app.keys.current());
            Ok(Outcome::Success(Box::new(app.sign_in(*account, *session, now)?), device))
        }
        Registered::EnrolmentRequired => {
            telemetry::record_account(id);
            Ok(Outcome::EnrolmentRequired(app.enrolment_required(step)))
        }
        Registered::Taken(taken) => Ok(Outcome::Taken(taken)),
        Registered::Over => Err(Error::internal("an account was neither created nor refused")),
    }
}

/// Begins the flow that ends in an account. The owner of an address that is taken gets a mail that says so, and leads to a new
/// password. The work is the same.
async fn pend(
    app: &App,
    client: &Client,
    email: &EmailAddress,
    locale: Locale,
    pending: &PendingAccount<'_>,
    owner: Option<Owner>,
    now: Timestamp,
) -> Result<Started, Error> {
    let data = pending.to_bytes()?;
    let is_disabled = owner.as_ref().is_some_and(|owner| owner.is_disabled);
    let owner = owner.filter(|owner| !owner.is_disabled);
    let mail = if owner.is_some() { mail::Kind::AddressTaken } else { mail::Kind::ConfirmRegistration };
    // The mail goes to the address that the account has, and not to another spelling of it.
    let known = owner.as_ref().and_then(|owner| EmailAddress::parse(owner.email.as_deref()?).ok());
    let email = known.as_ref().unwrap_or(email);
    let ask = Ask {
        kind: flows::Kind::Registration,
        mail,
        email,
        locale,
        account: owner.as_ref().map(|owner| owner.id),
        username: match &owner {
            Some(owner) => owner.username.clone(),
            None => pending.username.map(str::to_owned),
        },
        data: Some(&data),
        client,
        now,
    };
    let (mut flow, mut posting) = app.prepare_flow(ask)?;
    if owner.is_some() {
        flow.link_kind = flows::Kind::PasswordReset;
    }
    if is_disabled {
        posting = posting.for_nobody();
    }
    app.begin_flow(flow, &posting, None, client).await
}
