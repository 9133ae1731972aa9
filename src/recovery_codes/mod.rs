//! Recovery codes: ten codes, each used once, for whoever has lost the other second factors.
//!
//! A code begins with its slot, so it is compared with one hash and not with ten.

mod code;
pub(crate) mod store;

use crate::db::parameters;
use crate::error::Error;
use crate::passwords::HashingPermit;

pub(crate) use code::RecoveryCode;

/// How many codes an account gets.
const CODES: u8 = 10;

/// The hashes of new codes with their slots: two parameters of a statement. There may be none.
#[derive(Default)]
pub(crate) struct HashedCodes {
    slots: Vec<i32>,
    hashes: Vec<String>,
}

parameters! { HashedCodes { slots: Vec<i32>, hashes: Vec<String> } }

/// Makes new codes. They are hashed one after the other, so that passwords of others are hashed in between.
///
/// # Errors
/// [`Error::Internal`] without randomness, or when hashing fails.
pub(crate) async fn generate(permit: &HashingPermit) -> Result<(Vec<RecoveryCode>, HashedCodes), Error> {
    let (mut codes, mut hashed) = (Vec::new(), HashedCodes::default());
    for slot in 0..CODES {
        let code = RecoveryCode::random(slot)?;
        hashed.slots.push(slot.into());
        hashed.hashes.push(permit.hash_generated(code.password()?).await?.as_str().to_owned());
        codes.push(code);
    }
    Ok((codes, hashed))
}
