//! The figures, and what they say beside each other.

use std::fmt;
use std::time::Duration;

/// One slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    /// Answered and checked calls.
    pub(super) calls: u32,
    /// How long the slice really took.
    pub(super) elapsed: Duration,
    /// What the proxy spent.
    pub(super) proxy_cpu: Duration,
    /// What load and stub spent.
    pub(super) load_cpu: Duration,
}

impl Measured {
    /// CPU time of the proxy, in microseconds a call.
    fn cpu_a_call(&self) -> f64 {
        self.proxy_cpu.as_secs_f64() * 1e6 / f64::from(self.calls)
    }

    fn calls_a_second(&self) -> f64 {
        f64::from(self.calls) / self.elapsed.as_secs_f64()
    }

    fn share(&self, cpu: Duration) -> f64 {
        100.0 * cpu.as_secs_f64() / self.elapsed.as_secs_f64()
    }
}

/// All slices of both proxies.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) nginx: Vec<Measured>,
    pub(super) groupgate: Vec<Measured>,
}

/// One line of the report: the best and the median slice of each proxy.
struct Row {
    best: (f64, f64),
    median: (f64, f64),
}

impl Report {
    /// `figure` of every slice; better ones come first in the order that `sign` gives it.
    fn row(&self, figure: impl Fn(&Measured) -> f64, sign: f64) -> Row {
        let of = |slices: &[Measured]| {
            let mut figures: Vec<f64> = slices.iter().map(&figure).collect();
            figures.sort_by(|one, other| (sign * one).total_cmp(&(sign * other)));
            let at = |index: usize| figures.get(index).copied().unwrap_or(f64::NAN);
            (at(0), at(figures.len() / 2))
        };
        let ((nginx, nginx_median), (ours, ours_median)) = (of(&self.nginx), of(&self.groupgate));
        Row { best: (nginx, ours), median: (nginx_median, ours_median) }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "GetChatGroupInviteLink: {} slices each, 64 connections, one core a proxy",
            self.nginx.len()
        )?;
        writeln!(formatter, "{:<34}{:>10}{:>12}{:>10}", "", "nginx", "groupgate", "ratio")?;
        let rows = [
            ("CPU time a call, µs", self.row(Measured::cpu_a_call, 1.0), 2),
            ("calls a second", self.row(Measured::calls_a_second, -1.0), 0),
            ("the proxy's core, % busy", self.row(|slice| slice.share(slice.proxy_cpu), -1.0), 0),
            ("load and stub's core, % busy", self.row(|slice| slice.share(slice.load_cpu), -1.0), 0),
        ];
        for (name, row, digits) in rows {
            for (which, (nginx, ours)) in [("best", row.best), ("median", row.median)] {
                let ratio = ours / nginx;
                let name = format!("{name}, {which}");
                writeln!(formatter, "{name:<34}{nginx:>10.digits$}{ours:>12.digits$}{ratio:>10.2}")?;
            }
        }
        writeln!(
            formatter,
            "Where load and stub's core is the busy one, calls a second are its figure, not the proxy's."
        )
    }
}
