//! The server's role is not a superuser, so that someone who manages to inject SQL can't run programs or read files.

use tokio_postgres::{Client, NoTls};
use tracing::info;

use super::EmbeddedError;

/// PostgreSQL gives the number 10 to the role that created the cluster.
const WHO: &str = "SELECT rolsuper, oid = 10 FROM pg_roles WHERE rolname = current_user";

/// For a cluster of an earlier version, in which the server's role is the one that created the cluster.
const BRING_OVER: &str = include_str!("role.sql");

/// For a role that was made a superuser by hand.
const TAKE_AWAY: &str = "\
BEGIN READ WRITE;
ALTER ROLE CURRENT_USER NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
COMMIT";

/// Makes sure that the role of this URL is not a superuser. This is one transaction, so an interrupted start leaves
/// all or nothing done.
pub(super) async fn ensure(url: &str) -> Result<(), EmbeddedError> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.map_err(EmbeddedError::Role)?;
    let asked = async move { make_plain(&client).await };
    // The connection ends when the client is dropped, which is after the queries.
    let (asked, ended) = tokio::join!(asked, connection);
    asked.and(ended).map_err(EmbeddedError::Role)
}

async fn make_plain(client: &Client) -> Result<(), tokio_postgres::Error> {
    let row = client.query_one(WHO, &[]).await?;
    let (is_superuser, made_the_cluster): (bool, bool) = (row.get(0), row.get(1));
    if is_superuser {
        info!("taking the rights of a superuser from the server's role in the private PostgreSQL");
        client.batch_execute(if made_the_cluster { BRING_OVER } else { TAKE_AWAY }).await?;
    }
    Ok(())
}
