//! What a flow keeps until its end.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{Connection, Run, statement};
use crate::error::Error;
use crate::flows::{FlowKeys, TRIES};

/// Replaces what the flow keeps. Returns whether it is open.
pub(crate) async fn keep(
    connection: &mut Connection,
    keys: &FlowKeys,
    flow: Uuid,
    data: &[u8],
    now: Timestamp,
) -> Result<bool, Error> {
    let keeping = Keeping { flow, data: keys.seal(flow, data)?, now, tries: TRIES };
    Ok(keeping.run(connection).await? == 1)
}

statement! {
    struct Keeping = "keep.sql" {
        flow: Uuid,
        data: Vec<u8>,
        now: Timestamp,
        tries: i32,
    }
}
