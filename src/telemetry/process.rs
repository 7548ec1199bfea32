//! What Linux says of this process, read when somebody asks. Elsewhere there is nothing to read, and nothing is said.

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};
use std::{fmt, fs};

/// Ticks in a second as `/proc` counts them: the same on every architecture of Linux.
const TICKS: f64 = 100.0;

#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let mut gauge = |name: &str, help: &str, value: Option<f64>| match value {
            Some(value) => {
                let gauge = ConstGauge::new(value);
                gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
            }
            None => Ok(()),
        };
        let stat = Stat::read();
        gauge("process_resident_memory_bytes", "Memory in use", resident())?;
        gauge("process_open_fds", "Open file descriptors", open_files())?;
        gauge("process_start_time_seconds", "When it started, since 1970", stat.as_ref().and_then(Stat::started))?;
        if let Some(stat) = stat {
            let counter = ConstCounter::new(stat.processor_ticks / TICKS);
            counter.encode(encoder.encode_descriptor(
                "process_cpu_seconds",
                "Time on the processor",
                None,
                counter.metric_type(),
            )?)?;
        }
        Ok(())
    }
}

/// Of `/proc/self/stat`.
struct Stat {
    processor_ticks: f64,
    started_ticks: f64,
}

impl Stat {
    fn read() -> Option<Self> {
        let text = fs::read_to_string("/proc/self/stat").ok()?;
        // The second field is the name in parentheses, which may hold spaces; the one behind it is the third.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |field: usize| fields.get(field - 3)?.parse::<f64>().ok();
        Some(Self { processor_ticks: ticks(14)? + ticks(15)?, started_ticks: ticks(22)? })
    }

    fn started(&self) -> Option<f64> {
        Some(number_behind("/proc/stat", "btime")? + self.started_ticks / TICKS)
    }
}

fn resident() -> Option<f64> {
    Some(number_behind("/proc/self/status", "VmRSS:")? * 1024.0)
}

fn open_files() -> Option<f64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    u32::try_from(count).ok().map(f64::from)
}

/// The number in the line that begins with this word.
fn number_behind(path: &str, word: &str) -> Option<f64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(word))?;
    line.split_whitespace().next()?.parse().ok()
}
