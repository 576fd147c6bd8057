//! Slices of one run, and what they say beside each other.

use std::time::Duration;

use tokio::time::sleep;

use super::figures::median;
use super::load::Load;
use super::options::Scale;

/// From how many percent on a core has no time left.
const BUSY: f64 = 95.0;

/// One slice of load on a proxy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    /// Answered and checked calls.
    pub(super) calls: u32,
    /// How long it took until the last of them was answered.
    pub(super) elapsed: Duration,
    /// What the proxy spent on them, behind the last answer, too.
    pub(super) proxy_cpu: Duration,
    /// What it had spent at the last answer.
    pub(super) proxy_cpu_meanwhile: Duration,
    /// What load and stub had spent at the last answer.
    pub(super) load_cpu: Duration,
}

/// All slices of one kind, in the order of the rounds.
#[derive(Debug, Default)]
pub(super) struct Slices(pub(super) Vec<Slice>);

/// What takes turns: a proxy under load, and its slices so far.
#[derive(Debug)]
pub(super) struct Lane {
    load: Load,
    /// How long each slice lasts.
    slice: Duration,
    pub(super) slices: Slices,
}

/// Warms all of them up, and has each run a slice, one after the other, so many times.
pub(super) async fn rounds(lanes: &mut [Lane], times: usize, scale: Scale) -> anyhow::Result<()> {
    for lane in &mut *lanes {
        lane.load.warm_up(scale.warm_up).await?;
    }
    // What is left to do of warming up is no slice's.
    sleep(scale.settle).await;
    for _ in 0..times {
        for lane in &mut *lanes {
            lane.slices.0.push(lane.load.run(lane.slice, scale.settle).await?);
        }
    }
    Ok(())
}

impl Lane {
    pub(super) fn new(load: Load, slice: Duration) -> Self {
        Self { load, slice, slices: Slices::default() }
    }
}

impl Slice {
    /// CPU time of the proxy, in microseconds a call.
    pub(super) fn cpu_a_call(&self) -> f64 {
        self.proxy_cpu.as_secs_f64() * 1e6 / f64::from(self.calls)
    }

    pub(super) fn calls_a_second(&self) -> f64 {
        f64::from(self.calls) / self.elapsed.as_secs_f64()
    }

    /// How much of its core the proxy took, in percent.
    fn proxy_busy(&self) -> f64 {
        self.busy(self.proxy_cpu_meanwhile)
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

    fn median(&self, figure: impl Fn(&Slice) -> f64) -> f64 {
        median(self.0.iter().map(figure))
    }

    /// Whether the proxy had no time left on its core: only then calls a second are its own figure.
    pub(super) fn fill_the_core(&self) -> bool {
        self.median(Slice::proxy_busy) >= BUSY
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
            self.median(Slice::proxy_busy),
            self.median(|slice| slice.busy(slice.load_cpu))
        )
    }
}
