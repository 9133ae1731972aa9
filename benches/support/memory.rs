//! How much memory a process has.

use std::fs;

use super::Outcome;

/// What it has now, in MiB.
pub(crate) fn resident(process: u32) -> Outcome<f64> {
    field(process, "VmRSS:")
}

/// The most that it had since [`forget_peak`], in MiB.
pub(crate) fn peak(process: u32) -> Outcome<f64> {
    field(process, "VmHWM:")
}

/// What it has now is its peak from now on.
pub(crate) fn forget_peak(process: u32) -> Outcome {
    Ok(fs::write(format!("/proc/{process}/clear_refs"), "5")?)
}

fn field(process: u32, name: &str) -> Outcome<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("the process has ended")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}
