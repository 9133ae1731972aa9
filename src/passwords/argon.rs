//! Argon2id (RFC 9106) with memory that is reused.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use super::PasswordHash;
use crate::config::Argon2Cost;
use crate::error::{Error, OrInternal};

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// glibc gives allocations of more than 32 MiB back to the system when they are freed, and may keep smaller ones
/// (mallopt(3), M_MMAP_THRESHOLD). What is reserved and not touched takes no memory.
const RESERVED: usize = 33 * 1024 * 1024 / size_of::<Block>();

/// The hasher of one thread with its blocks of memory, which it keeps: allocating 19 MiB for each hash would cost page faults.
pub(super) struct Argon {
    params: Params,
    memory: Vec<Block>,
}

impl Argon {
    pub(super) fn new(cost: Argon2Cost) -> Result<Self, Error> {
        let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, Some(HASH_BYTES)).or_internal()?;
        Ok(Self { memory: Vec::new(), params })
    }

    pub(super) fn hash(&mut self, password: &[u8]) -> Result<PasswordHash, Error> {
        grow(&mut self.memory, self.params.block_count())?;
        let mut salt = [0; SALT_BYTES];
        aws_lc_rs::rand::fill(&mut salt).or_internal()?;
        let mut output = [0; HASH_BYTES];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())
            .hash_password_into_with_memory(password, &salt, &mut output, &mut self.memory)
            .or_internal()?;
        let phc = Phc {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.params).or_internal()?,
            salt: Some(Salt::new(&salt).or_internal()?),
            hash: Some(Output::new(&output).or_internal()?),
        };
        Ok(PasswordHash::new(phc.to_string()))
    }

    /// Compares at the cost that the hash names.
    pub(super) fn verify(&mut self, password: &[u8], hash: &PasswordHash) -> Result<bool, Error> {
        let unreadable = || Error::internal("a stored password hash is not a PHC string of Argon2");
        let phc = Phc::new(hash.as_str()).map_err(|_| unreadable())?;
        let algorithm = Algorithm::try_from(phc.algorithm.as_str()).map_err(|_| unreadable())?;
        let version = phc.version.map_or(Ok(Version::V0x13), Version::try_from).map_err(|_| unreadable())?;
        let params = Params::try_from(&phc).map_err(|_| unreadable())?;
        let (Some(salt), Some(expected)) = (&phc.salt, &phc.hash) else { return Err(unreadable()) };
        let costlier = params.block_count() > self.params.block_count();
        grow(&mut self.memory, params.block_count())?;
        let mut output = vec![0; expected.len()];
        let hashed = Argon2::new(algorithm, version, params).hash_password_into_with_memory(
            password,
            salt,
            &mut output,
            &mut self.memory,
        );
        if costlier {
            self.give_back();
        }
        hashed.or_internal()?;
        Ok(aws_lc_rs::constant_time::verify_slices_are_equal(&output, expected.as_ref()).is_ok())
    }

    pub(super) fn has_memory(&self) -> bool {
        self.memory.capacity() > 0
    }

    /// Gives the memory back until it is needed again.
    pub(super) fn give_back(&mut self) {
        self.memory = Vec::new();
    }
}

/// Fails if there is not enough memory, instead of ending the process.
fn grow(memory: &mut Vec<Block>, blocks: usize) -> Result<(), Error> {
    if memory.len() >= blocks {
        return Ok(());
    }
    let missing = blocks.max(RESERVED).saturating_sub(memory.len());
    memory.try_reserve_exact(missing).map_err(|error| Error::internal(format!("no memory for Argon2: {error}")))?;
    memory.resize(blocks, Block::default());
    Ok(())
}

/// Whether the hash is cheaper to break than one at `cost`.
pub(super) fn is_weaker(hash: &PasswordHash, cost: Argon2Cost) -> bool {
    let Ok(phc) = Phc::new(hash.as_str()) else { return true };
    let Ok(params) = Params::try_from(&phc) else { return true };
    phc.algorithm != Algorithm::Argon2id.ident()
        || phc.version != Some(Version::V0x13.into())
        || params.m_cost() < cost.memory_kib
        || params.t_cost() < cost.iterations
        || params.p_cost() < cost.parallelism
        || phc.hash.is_none_or(|hash| hash.len() < HASH_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Argon2Cost = Argon2Cost { memory_kib: 64, iterations: 1, parallelism: 1 };

    #[test]
    fn a_hash_knows_its_password_and_its_cost() {
        let mut argon = Argon::new(CHEAP).unwrap();
        let hash = argon.hash(b"correct horse").unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        assert!(argon.verify(b"correct horse", &hash).unwrap());
        assert!(!argon.verify(b"battery staple", &hash).unwrap());
        assert!(!is_weaker(&hash, CHEAP));
        assert!(is_weaker(&hash, Argon2Cost { memory_kib: 65, ..CHEAP }));
        assert!(is_weaker(&hash, Argon2Cost { iterations: 2, ..CHEAP }));
    }

    #[test]
    fn hashes_of_other_costs_and_makers_verify() {
        // From the command line: echo -n "password" | argon2 somesalt -id -t 2 -m 16 -p 1 -e
        let foreign = PasswordHash::new(
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc".into(),
        );
        let mut argon = Argon::new(CHEAP).unwrap();
        assert!(argon.verify(b"password", &foreign).unwrap());
        assert!(!argon.verify(b"Password", &foreign).unwrap());
        assert!(argon.verify(b"password", &PasswordHash::new("plain".into())).is_err());
    }
}
