//! Where and of what a run is.

use std::fs;
use std::process::Command;

use crate::support::Outcome;
use crate::support::processors::Processors;
use crate::support::record::Machine;

pub(crate) fn this(server: &Processors, generator: &Processors) -> Outcome<Machine> {
    Ok(Machine {
        processor: value("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        memory_mib: value("/proc/meminfo", "MemTotal").ok_or("no MemTotal")?.trim_end_matches(" kB").parse::<u64>()?
            / 1024,
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
        server_processors: server.numbers().to_vec(),
        generator_processors: generator.numbers().to_vec(),
    })
}

fn value(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let (_, value) = text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}

/// The commit of the working directory, if it is one of git.
pub(crate) fn commit() -> Option<String> {
    let output = Command::new("git")
        .args(["describe", "--always", "--abbrev=12", "--dirty=-changed", "--exclude=*"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
