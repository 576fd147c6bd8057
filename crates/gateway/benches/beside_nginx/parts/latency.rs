//! The latency that a proxy adds to a direct call, where calls come at a fixed rate.

use anyhow::Context as _;

use crate::calls::Calls;
use crate::figures::{Figure, median};
use crate::load::Load;
use crate::nginx;
use crate::open_loop::{Latencies, OpenLoop};
use crate::stage::{FEW, Stage};

const CONNECTIONS: usize = 64;
/// How much longer than others a slice is: the slowest thousandth of it must be some.
const LONGER: u32 = 3;
/// The shares of calls that are looked at, and how many times what nginx adds the gateway may add.
const SHARES: [(&str, f64, Option<f64>); 3] =
    [("p50", 0.5, Some(1.5)), ("p99", 0.99, Some(2.0)), ("p99.9", 0.999, None)];

/// One round: the same calls to nobody between, through nginx, and through the gateway.
struct Round {
    direct: Latencies,
    nginx: Latencies,
    gateway: Latencies,
}

/// At a third of nginx's highest rate.
pub(crate) async fn measure(stage: &Stage) -> anyhow::Result<Vec<Figure>> {
    let scale = stage.scale;
    let plain = nginx::plain::start(stage.upstream).await?;
    let gateway = stage.gateway(stage.few().await?).await?;
    let mut busy = Load::connect(plain.address, plain.pid, nginx::plain::calls(plain.address), CONNECTIONS).await?;
    busy.warm_up(scale.warm_up).await?;
    let mut highest = 0.0_f64;
    for _ in 0..scale.rounds.min(5) {
        let (calls, elapsed) = busy.call_for(scale.slice).await?;
        highest = highest.max(f64::from(calls) / elapsed.as_secs_f64());
    }
    drop(busy);
    let rate = highest / 3.0;

    let calls: Calls = gateway.calls(FEW).await?;
    let mut through_gateway = OpenLoop::connect(gateway.address, calls, CONNECTIONS).await?;
    let mut direct = OpenLoop::connect(stage.upstream, nginx::plain::calls(stage.upstream), CONNECTIONS).await?;
    let mut through_nginx = OpenLoop::connect(plain.address, nginx::plain::calls(plain.address), CONNECTIONS).await?;
    for each in [&mut direct, &mut through_nginx, &mut through_gateway] {
        each.run(rate, scale.warm_up).await?;
    }
    let (slice, mut rounds) = (scale.slice * LONGER, Vec::new());
    for _ in 0..scale.rounds {
        rounds.push(Round {
            direct: direct.run(rate, slice).await.context("direct")?,
            nginx: through_nginx.run(rate, slice).await.context("nginx")?,
            gateway: through_gateway.run(rate, slice).await.context("groupgate")?,
        });
    }
    Ok(SHARES.map(|share| figure(&rounds, rate, share)).into())
}

fn figure(rounds: &[Round], rate: f64, (name, share, most): (&str, f64, Option<f64>)) -> Figure {
    let of = |which: fn(&Round) -> &Latencies| median(rounds.iter().map(|round| which(round).within(share)));
    let added = |proxy: fn(&Round) -> &Latencies| {
        median(rounds.iter().map(|round| proxy(round).within(share) - round.direct.within(share)))
    };
    let (by_nginx, by_gateway) = (added(|round| &round.nginx), added(|round| &round.gateway));
    let detail = format!(
        "{rate:.0} calls/s; direct {:.0} µs, nginx {:.0} µs ({by_nginx:.0} added), gateway {:.0} µs ({by_gateway:.0} added)",
        of(|round| &round.direct),
        of(|round| &round.nginx),
        of(|round| &round.gateway)
    );
    let name = format!("latency added to a direct call, {name}, gateway ÷ nginx");
    // Of two medians: what nginx adds is so little that a single round's may be nothing, or less.
    let figure = if by_nginx > 0.0 {
        Figure::new(name, by_gateway / by_nginx).from(detail)
    } else {
        Figure::missing(name, format!("nothing can be seen of what nginx adds: {detail}"))
    };
    match most {
        Some(most) => figure.at_most(most),
        None => figure,
    }
}
