//! How many bytes an account, a session and an event take.

use tokio_postgres::Client;

use crate::support::Outcome;

const SIZES: &str = include_str!("sizes.sql");

/// Prints each table and index.
pub(crate) async fn tell(operator: &Client) -> Outcome {
    println!("{:36}{:>12}{:>10}{:>14}", "", "rows", "MiB", "bytes a row");
    let mut total = 0;
    for row in operator.query(SIZES, &[]).await? {
        let (name, rows, bytes): (String, i64, i64) = (row.get(0), row.get(1), row.get(2));
        total += bytes;
        let each = bytes as f64 / rows as f64;
        let name = if row.get(3) { name } else { format!("  {name}") };
        println!("{name:36}{rows:12}{:10}{each:14.1}", bytes >> 20);
    }
    println!("{:36}{:>12}{:10}", "together", "", total >> 20);
    Ok(())
}
