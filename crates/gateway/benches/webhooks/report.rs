//! The figures, and what they say beside each other.

use std::fmt;
use std::time::Duration;

use super::figures::{Figure, Figures, median};

/// How long many of one kind took.
#[derive(Debug, Default)]
pub(super) struct Durations(pub(super) Vec<Duration>);

impl Durations {
    /// The time that so many of a hundred took at the most; zero of none.
    fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(at).copied().unwrap_or_default()
    }
}

impl fmt::Display for Durations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = |percent| self.percentile(percent).as_secs_f64() * 1e3;
        let [median, high, highest] = [50, 99, 100].map(milliseconds);
        write!(formatter, "{:>8}{median:>10.2}{high:>10.2}{highest:>10.2}", self.0.len())
    }
}

/// The same of several slices.
#[derive(Debug, Default)]
pub(super) struct Slices(pub(super) Vec<Durations>);

impl Slices {
    fn whole(&self) -> Durations {
        Durations(self.0.iter().flat_map(|slice| slice.0.iter().copied()).collect())
    }

    /// What a neighbour who wakes up in one slice does not move.
    fn median_p99(&self) -> Duration {
        Durations(self.0.iter().map(|slice| slice.percentile(99)).collect()).percentile(50)
    }
}

/// What the gateway and PostgreSQL spent while a load ran, and what of it was left to be routed.
#[derive(Debug)]
pub(super) struct Sustained {
    pub(super) answers: Durations,
    pub(super) events: u32,
    pub(super) elapsed: Duration,
    pub(super) gateway_cpu: Duration,
    pub(super) postgres_cpu: Duration,
    pub(super) unrouted: i64,
    pub(super) routed_after: Duration,
}

/// All figures of a run.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) bare: Slices,
    pub(super) webhooks: Slices,
    /// Bare rows as often as webhooks of the high rate, a slice before each round of these.
    pub(super) bare_at_high: Slices,
    /// The rounds of the high rate.
    pub(super) sustained: Vec<Sustained>,
    pub(super) large: Durations,
    pub(super) large_size: usize,
}

impl Report {
    /// Those of which something is expected: medians of the rounds.
    pub(super) fn figures(&self) -> Figures {
        let rounds = || self.sustained.iter().zip(&self.bare_at_high.0);
        let p99 = |durations: &Durations| durations.percentile(99).as_secs_f64();
        let ratio = median(rounds().map(|(round, bare)| p99(&round.answers) / p99(bare)));
        let of_rounds: Vec<String> = rounds()
            .map(|(round, bare)| format!("{:.1} ÷ {:.1} ms", p99(&round.answers) * 1e3, p99(bare) * 1e3))
            .collect();
        let slowest = self.sustained.iter().map(Sustained::rate).fold(f64::INFINITY, f64::min);
        Figures(vec![
            Figure::new("webhooks of 10 events, events committed a second of 2,000 sent", median(self.rates()))
                // The last one is answered a little after the second in which it was sent.
                .at_least(1_990.0)
                .from(format!("{} rounds, the slowest {slowest:.0}", self.sustained.len())),
            Figure::new("p99 of their answer ÷ p99 of a bare INSERT and COMMIT", ratio)
                .at_most(3.0)
                .from(of_rounds.join(", ")),
        ])
    }

    fn rates(&self) -> impl Iterator<Item = f64> {
        self.sustained.iter().map(Sustained::rate)
    }

    fn answers_at_high(&self) -> Durations {
        Durations(self.sustained.iter().flat_map(|round| round.answers.0.iter().copied()).collect())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sustained, large, large_size, .. } = self;
        let (bare, webhooks) = (self.bare.whole(), self.webhooks.whole());
        writeln!(formatter, "{:<38}{:>8}{:>10}{:>10}{:>10}", "milliseconds", "count", "p50", "p99", "longest")?;
        writeln!(formatter, "{:<38}{bare}", "pgbench, INSERT and COMMIT, 50/s")?;
        writeln!(formatter, "{:<38}{webhooks}", "webhooks of 10 events, 500 events/s")?;
        writeln!(formatter, "{:<38}{}", "pgbench, INSERT and COMMIT, 200/s", self.bare_at_high.whole())?;
        writeln!(formatter, "{:<38}{}", "webhooks of 10 events, 2,000 events/s", self.answers_at_high())?;
        writeln!(formatter, "{:<38}{large}", format!("webhooks of 1,000 events, {large_size} bytes"))?;
        let ratio = webhooks.percentile(99).as_secs_f64() / bare.percentile(99).as_secs_f64();
        let ratio_of_slices = self.webhooks.median_p99().as_secs_f64() / self.bare.median_p99().as_secs_f64();
        writeln!(
            formatter,
            "p99 of webhooks at 500 events/s ÷ p99 of pgbench: {ratio:.2}; of the median slice of each: {ratio_of_slices:.2}"
        )?;
        sustained.iter().try_for_each(|round| write!(formatter, "{round}"))
    }
}

impl Sustained {
    /// Events that were committed and answered a second.
    fn rate(&self) -> f64 {
        f64::from(self.events) / self.elapsed.as_secs_f64()
    }
}

impl fmt::Display for Sustained {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = |time: Duration| time.as_secs_f64() / self.elapsed.as_secs_f64();
        writeln!(
            formatter,
            "2,000 events/s: {:.0} a second were committed and answered; when the last was, {} were",
            self.rate(),
            self.unrouted
        )?;
        writeln!(
            formatter,
            "not routed yet, and {:.1} s later none. Cores used: {:.2} by the gateway, {:.2} by PostgreSQL.",
            self.routed_after.as_secs_f64(),
            cores(self.gateway_cpu),
            cores(self.postgres_cpu)
        )
    }
}
