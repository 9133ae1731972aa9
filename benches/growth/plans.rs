//! How PostgreSQL executes what the server sends, in its own words: `auto_explain` writes each plan into the log.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use portcullis::db::Declared;
use serde_json::Value;

use crate::operations::Operation;
use crate::seed::Seeded;
use crate::side::Side;
use crate::support::Outcome;

/// Includes statements that functions and triggers send.
pub(crate) const EXPLAINING: [(&str, &str); 7] = [
    ("session_preload_libraries", "auto_explain"),
    ("auto_explain.log_min_duration", "0"),
    ("auto_explain.log_analyze", "on"),
    ("auto_explain.log_buffers", "on"),
    ("auto_explain.log_timing", "off"),
    ("auto_explain.log_nested_statements", "on"),
    ("auto_explain.log_format", "json"),
];

/// PostgreSQL plans each statement anew for five times, and may keep a plan then.
const EACH: usize = 24;

/// The tables that were filled.
const FILLED: [&str; 4] = ["accounts", "passwords", "sessions", "audit_events"];

/// What was seen of one statement.
#[derive(Default)]
pub(crate) struct Seen {
    /// Pages of 8 KiB, of each execution.
    pages: Vec<u64>,
    /// By which index a table was read, or that it was read as a whole: all that occurred.
    scans: BTreeSet<String>,
    touches: bool,
}

pub(crate) type Plans = BTreeMap<String, Seen>;

/// Does each operation a few times, and reads what the log says of it.
pub(crate) async fn observe(mut side: Side) -> Outcome<(Plans, Seeded)> {
    let log = side.log();
    let before = fs::metadata(&log)?.len() as usize;
    for operation in Operation::ALL {
        for number in 0..EACH {
            side.time(operation, number).await?;
        }
    }
    // Its connections end, so all that they had to say is in the log.
    let seeded = side.stop().await?;
    let text = String::from_utf8_lossy(fs::read(&log)?.get(before..).unwrap_or_default()).into_owned();
    let mut plans = Plans::new();
    for entry in entries(&text) {
        let entry: Value = serde_json::from_str(&entry)?;
        let text = entry["Query Text"].as_str().unwrap_or_default();
        let seen = plans.entry(name(text)).or_default();
        let blocks = |kind: &str| entry["Plan"][kind].as_u64().unwrap_or_default();
        seen.pages.push(blocks("Shared Hit Blocks") + blocks("Shared Read Blocks"));
        seen.look(&entry["Plan"]);
        if entry.get("JIT").is_some() {
            seen.scans.insert("compiled".to_owned());
        }
    }
    plans.retain(|_, seen| seen.touches);
    Ok((plans, seeded))
}

/// The JSON of each plan. Further lines of an entry begin with a tab.
fn entries(log: &str) -> Vec<String> {
    let mut entries = Vec::new();
    let mut is_plan = false;
    for line in log.lines() {
        match (line.strip_prefix('\t'), entries.last_mut()) {
            (Some(rest), Some(entry)) if is_plan => {
                let entry: &mut String = entry;
                entry.push_str(rest);
                entry.push('\n');
            }
            (None, _) => {
                is_plan = line.ends_with("plan:");
                if is_plan {
                    entries.push(String::new());
                }
            }
            _ => {}
        }
    }
    entries
}

/// Where the statement is declared, or else how it begins.
fn name(text: &str) -> String {
    if let Some(declared) = Declared::all().into_iter().find(|declared| text.contains(declared.text.trim_end())) {
        return declared.name.trim_start_matches("portcullis::").replace("::store::", "::");
    }
    let words: Vec<_> = text.lines().filter(|line| !line.starts_with("--")).flat_map(str::split_whitespace).collect();
    words.join(" ").chars().take(60).collect()
}

impl Seen {
    fn look(&mut self, node: &Value) {
        let kind = node["Node Type"].as_str().unwrap_or_default();
        if let Some(table) = node["Relation Name"].as_str() {
            self.touches |= FILLED.contains(&table);
            if kind == "Seq Scan" {
                self.scans.insert(format!("all of {table}"));
            }
        }
        if let Some(index) = node["Index Name"].as_str() {
            self.scans.insert(index.to_owned());
        }
        for child in node["Plans"].as_array().into_iter().flatten() {
            self.look(child);
        }
    }

    fn median(&self) -> u64 {
        let mut sorted = self.pages.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }

    fn reads_all(&self) -> bool {
        FILLED.iter().any(|table| self.scans.contains(&format!("all of {table}")))
    }
}

/// Prints what differs. Returns how many statements read a table as a whole that grows.
pub(crate) fn tell(small: &Plans, large: &Plans) -> usize {
    println!(
        "\npages of 8 KiB that each statement looks at (median), and by which indexes where there are many accounts"
    );
    println!("{:>8}{:>8}  statement", "small", "large");
    let nothing = Seen::default();
    for (name, seen) in large {
        let of_small = small.get(name).unwrap_or(&nothing);
        let scans = |seen: &Seen| seen.scans.iter().cloned().collect::<Vec<_>>().join(", ");
        println!("{:8}{:8}  {name}: {}", of_small.median(), seen.median(), scans(seen));
        if of_small.scans != seen.scans {
            println!("{:18}where there are few: {}", "", scans(of_small));
        }
    }
    large.values().filter(|seen| seen.reads_all()).count()
}
