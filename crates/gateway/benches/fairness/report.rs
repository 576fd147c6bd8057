//! The figures, and what they say beside each other.

use std::fmt;
use std::time::Duration;

use super::load::Round;

/// All rounds of both kinds.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) alone: Vec<Round>,
    pub(super) beside: Vec<Round>,
    /// How long a round was.
    pub(super) round: Duration,
    /// How often the greedy tenant was to call, a second.
    pub(super) wanted: u32,
}

impl Report {
    /// How much longer the slowest hundredth of the quiet tenants' calls takes beside the greedy one, as a ratio.
    pub(super) fn growth(&self) -> f64 {
        within(&self.beside, 99) / within(&self.alone, 99)
    }

    /// How often the greedy tenant called, a second.
    pub(super) fn made(&self) -> f64 {
        let (done, refused) = self.greedy();
        let seconds = self.round.as_secs_f64() * f64::from(u32::try_from(self.beside.len()).unwrap_or(u32::MAX));
        f64::from(u32::try_from(done + refused).unwrap_or(u32::MAX)) / seconds
    }

    /// How many of the greedy tenant's calls got through, and how many were refused.
    fn greedy(&self) -> (usize, usize) {
        self.beside
            .iter()
            .fold((0, 0), |(done, refused), round| (done + round.greedy_done, refused + round.greedy_refused))
    }
}

/// The median of all rounds, of what this part of a round's calls stays within.
fn within(rounds: &[Round], percent: usize) -> f64 {
    let of_round = |round: &Round| {
        let mut times = round.quiet.clone();
        times.sort_unstable();
        times.get(times.len() * percent / 100).map_or(f64::NAN, Duration::as_secs_f64)
    };
    let mut all: Vec<f64> = rounds.iter().map(of_round).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN) * 1e3
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { alone, beside, round: _, wanted } = self;
        writeln!(f, "quiet tenants' calls, ms, medians of {} rounds each", alone.len())?;
        writeln!(f, "{:<8}{:>10}{:>10}{:>10}", "", "alone", "beside", "ratio")?;
        for (name, percent) in [("p50", 50), ("p90", 90), ("p99", 99)] {
            let (alone, beside) = (within(alone, percent), within(beside, percent));
            writeln!(f, "{name:<8}{alone:>10.2}{beside:>10.2}{:>10.2}", beside / alone)?;
        }
        let (done, refused) = self.greedy();
        writeln!(f, "the greedy tenant's calls: {done} got through, {refused} were refused")?;
        writeln!(f, "it called {:.0} times a second, and was to call {wanted} times", self.made())
    }
}
