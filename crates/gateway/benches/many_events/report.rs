//! The figures of small tables beside those of full ones.

use std::fmt;
use std::time::Duration;

use super::measuring::{Figures, Table};

/// All figures of a run.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) events: i64,
    pub(super) filled_in: Duration,
    pub(super) bytes: i64,
    pub(super) small: Figures,
    pub(super) full: Figures,
    pub(super) dropped_in: Duration,
    pub(super) received_meanwhile: Vec<Duration>,
    pub(super) tables: Vec<Table>,
}

/// The median and the 99th percentile in milliseconds.
fn spread(durations: &[Duration]) -> (f64, f64) {
    let mut sorted = durations.to_vec();
    sorted.sort_unstable();
    let at = |percent: usize| {
        let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(place).copied().unwrap_or_default().as_secs_f64() * 1e3
    };
    (at(50), at(99))
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gigabytes = self.bytes / 1_000_000_000;
        let minutes = self.filled_in.as_secs_f64() / 60.0;
        writeln!(formatter, "{} events in {gigabytes} GB, filled in {minutes:.1} minutes", self.events)?;
        writeln!(formatter, "{:<38}{:>10}{:>10}{:>10}{:>10}", "milliseconds", "small p50", "p99", "full p50", "p99")?;
        for (name, of) in ROWS {
            let ((small, small_high), (full, full_high)) = (spread(of(&self.small)), spread(of(&self.full)));
            writeln!(formatter, "{name:<38}{small:>10.2}{small_high:>10.2}{full:>10.2}{full_high:>10.2}")?;
        }
        for (name, figures) in [("small", &self.small), ("full", &self.full)] {
            let a_second = |count, durations: [&[Duration]; 2]| rate(count, durations.concat().iter().sum());
            let routed = a_second(figures.events_routed, [&figures.routed, &[]]);
            let delivered = a_second(figures.deliveries, [&figures.claimed, &figures.recorded]);
            writeln!(
                formatter,
                "{name}: {routed} events routed, {delivered} deliveries claimed and recorded a second"
            )?;
        }
        let (_, longest) = spread(&self.received_meanwhile);
        let dropped = self.dropped_in.as_secs_f64() * 1e3;
        writeln!(
            formatter,
            "the oldest day dropped in {dropped:.0} ms; webhooks' commits meanwhile: p99 {longest:.2} ms"
        )?;
        writeln!(formatter, "{:<38}{:>10}{:>10}{:>10}{:>10}", "tables after it all", "live", "dead", "vacuums", "MB")?;
        for Table { name, live, dead, vacuums, bytes } in &self.tables {
            writeln!(formatter, "{name:<38}{live:>10}{dead:>10}{vacuums:>10}{:>10}", bytes / 1_000_000)?;
        }
        Ok(())
    }
}

type Row = (&'static str, fn(&Figures) -> &[Duration]);

const ROWS: [Row; 6] = [
    ("a webhook's 10 events committed", |figures| &figures.received),
    ("a round of the router", |figures| &figures.routed),
    ("a pull of the newest 100 events", |figures| &figures.pulled_newest),
    ("a pull of the oldest 100 events", |figures| &figures.pulled_oldest),
    ("up to 128 deliveries claimed", |figures| &figures.claimed),
    ("their ends recorded", |figures| &figures.recorded),
];

fn rate(count: u64, time: Duration) -> u128 {
    u128::from(count) * 1_000_000 / time.as_micros().max(1)
}
