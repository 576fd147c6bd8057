//! Slices of one run, and what they say beside each other.

use std::time::Duration;

/// One slice of load on a proxy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    /// Answered and checked calls.
    pub(super) calls: u32,
    /// How long it really took.
    pub(super) elapsed: Duration,
    /// What the proxy spent.
    pub(super) proxy_cpu: Duration,
    /// What load and stub spent.
    pub(super) load_cpu: Duration,
}

/// All slices of one kind, in the order of the rounds.
#[derive(Debug, Default)]
pub(super) struct Slices(pub(super) Vec<Slice>);

impl Slice {
    /// CPU time of the proxy, in microseconds a call.
    pub(super) fn cpu_a_call(&self) -> f64 {
        self.proxy_cpu.as_secs_f64() * 1e6 / f64::from(self.calls)
    }

    pub(super) fn calls_a_second(&self) -> f64 {
        f64::from(self.calls) / self.elapsed.as_secs_f64()
    }

    fn busy(&self, cpu: Duration) -> f64 {
        100.0 * cpu.as_secs_f64() / self.elapsed.as_secs_f64()
    }
}

impl Slices {
    /// The median of each round's ratio to `other`: what moves both in a round moves no ratio.
    pub(super) fn ratio(&self, other: &Self, figure: impl Fn(&Slice) -> f64) -> f64 {
        median(self.0.iter().zip(&other.0).map(|(one, other)| figure(one) / figure(other)))
    }

    pub(super) fn median(&self, figure: impl Fn(&Slice) -> f64) -> f64 {
        median(self.0.iter().map(figure))
    }

    /// The CPU time of a call in the median slice, and in the best: a neighbour only adds to it.
    pub(super) fn cpu(&self) -> String {
        let best = self.0.iter().map(Slice::cpu_a_call).fold(f64::INFINITY, f64::min);
        format!("{:.1} µs (best {best:.1})", self.median(Slice::cpu_a_call))
    }

    /// Calls a second, and which core was the busy one.
    pub(super) fn rate(&self) -> String {
        format!(
            "{:.0}/s, proxy's core {:.0} % busy, load's {:.0} %",
            self.median(Slice::calls_a_second),
            self.median(|slice| slice.busy(slice.proxy_cpu)),
            self.median(|slice| slice.busy(slice.load_cpu))
        )
    }
}

/// The one in the middle, and of an even number the upper of the two; no number of none.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
