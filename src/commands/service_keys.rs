//! `portcullis service-keys`.

use clap::Subcommand;
use portcullis::StartError;
use portcullis::app::Operator;
use portcullis::ids::ServiceKeyId;
use portcullis::tokens::service::ServiceKey;
use portcullis::use_cases::service_keys::{create, list, revoke};
use uuid::Uuid;

use super::time;
use crate::serve::{Outcome, complain};

/// What can be done to service keys.
#[derive(Clone, Subcommand)]
pub(crate) enum ServiceKeys {
    /// Make a key and print it. It is shown this once: the database keeps only a hash.
    Create {
        /// What it is for: 1 to 100 characters.
        name: String,
    },
    /// List the keys.
    List,
    /// Revoke a key: streams that it opened end within seconds.
    Revoke {
        /// The key's id, as the list shows it.
        id: Uuid,
    },
}

impl ServiceKeys {
    /// Does it. Returns what is to be said of it.
    pub(crate) async fn run(self, operator: &Operator<'_>) -> Outcome<String> {
        match self {
            Self::Create { name } => match create(operator, &name).await.map_err(StartError::of)? {
                Some((id, text)) => {
                    // Beside the key, which alone is for whoever reads standard output.
                    complain(&format!("Made the service key {id}. It is shown this once:"));
                    Ok(format!("{}\n", text.expose()))
                }
                None => Err("a name has 1 to 100 characters and no control characters".into()),
            },
            Self::List => Ok(table(&list(operator).await.map_err(StartError::of)?)),
            Self::Revoke { id } => match revoke(operator, ServiceKeyId(id)).await.map_err(StartError::of)? {
                true => Ok(format!("Revoked {id}.\n")),
                false => Err(format!("no service key that is not revoked has the id {id}").into()),
            },
        }
    }
}

fn table(keys: &[ServiceKey]) -> String {
    if keys.is_empty() {
        return "There are no service keys.\n".to_owned();
    }
    let mut table = format!("{:36}  {:20}  {:20}  {}\n", "ID", "CREATED", "REVOKED", "NAME");
    for key in keys {
        let revoked = key.revoked_at.map_or("-".to_owned(), time);
        table += &format!("{:36}  {:20}  {revoked:20}  {}\n", key.id.to_string(), time(key.created_at), key.name);
    }
    table
}
