//! CPU time a call, and calls a second: the gateway beside nginx and nginx with Lua.

use anyhow::Context as _;

use crate::figures::Figure;
use crate::groupgate::Groupgate;
use crate::load::Load;
use crate::nginx::{self, Nginx};
use crate::options::Scale;
use crate::slices::{Slice, Slices};
use crate::stage::{FEW, Stage};

/// Connections, as the figures to reach have it.
const USUAL: usize = 64;
const MANY: usize = 256;

/// What takes turns: a proxy under load, and its slices so far.
struct Lane {
    load: Load,
    slices: Slices,
}

/// One figure for each row of the table about CPU time and rate.
pub(crate) async fn measure(stage: &Stage) -> anyhow::Result<Vec<Figure>> {
    let plain = nginx::plain::start(stage.upstream).await?;
    let lua = nginx::lua::start(stage.upstream, FEW).await;
    let gateway = stage.gateway(stage.few().await?).await?;
    let mut lanes = vec![of_nginx(&plain, USUAL).await?, of_gateway(&gateway, USUAL).await?];
    lanes.push(of_nginx(&plain, MANY).await?);
    lanes.push(of_gateway(&gateway, MANY).await?);
    let without_lua = match &lua {
        Ok(lua) => of_lua(lua).await.map(|lane| lanes.push(lane)),
        Err(error) => Err(anyhow::anyhow!("{error:#}")),
    };
    rounds(&mut lanes, stage.scale).await?;
    let mut slices = lanes.into_iter().map(|lane| lane.slices);
    let mut next = || slices.next().unwrap_or_default();
    let (nginx, ours, nginx_many, ours_many, lua) = (next(), next(), next(), next(), next());
    Ok(vec![
        of_cpu("CPU time a call, gateway ÷ nginx, the plain release build", (&ours, "gateway"), (&nginx, "nginx"))
            .at_most(1.5),
        of_cpu("the same, as released, with PGO", (&ours, "gateway"), (&nginx, "nginx")).at_most(1.3),
        beside_lua(&ours, &lua, without_lua.err()).at_most(0.65),
        Figure::new("calls a second on one core, gateway ÷ nginx", ours.ratio(&nginx, Slice::calls_a_second))
            .at_least(0.65)
            .from(format!("gateway {}; nginx {}", ours.rate(), nginx.rate())),
        of_cpu("CPU time a call, 256 connections ÷ 64", (&ours_many, "256"), (&ours, "64")).at_most(1.1),
        of_cpu("the same of nginx", (&nginx_many, "256"), (&nginx, "64")),
    ])
}

fn of_cpu(name: &str, (ours, our_name): (&Slices, &str), (other, other_name): (&Slices, &str)) -> Figure {
    let detail = format!("{our_name} {}, {other_name} {}", ours.cpu(), other.cpu());
    Figure::new(name, ours.ratio(other, Slice::cpu_a_call)).from(detail)
}

fn beside_lua(ours: &Slices, lua: &Slices, missing: Option<anyhow::Error>) -> Figure {
    let name = "CPU time a call, gateway ÷ nginx with Lua doing the same job";
    match missing {
        Some(why) => Figure::missing(name, format!("{why:#}")),
        None => of_cpu(name, (ours, "gateway"), (lua, "nginx with Lua")),
    }
}

async fn rounds(lanes: &mut [Lane], scale: Scale) -> anyhow::Result<()> {
    for lane in &mut *lanes {
        lane.load.warm_up(scale.warm_up).await?;
    }
    for _ in 0..scale.rounds {
        for lane in &mut *lanes {
            lane.slices.0.push(lane.load.run(scale.slice).await?);
        }
    }
    Ok(())
}

async fn of_nginx(nginx: &Nginx, connections: usize) -> anyhow::Result<Lane> {
    let calls = nginx::plain::calls(nginx.address);
    let load = Load::connect(nginx.address, nginx.pid, calls, connections).await.context("nginx")?;
    Ok(Lane { load, slices: Slices::default() })
}

async fn of_lua(nginx: &Nginx) -> anyhow::Result<Lane> {
    let calls = nginx::lua::calls(nginx.address, FEW)?;
    let load = Load::connect(nginx.address, nginx.pid, calls, USUAL).await.context("nginx with Lua")?;
    Ok(Lane { load, slices: Slices::default() })
}

async fn of_gateway(gateway: &Groupgate, connections: usize) -> anyhow::Result<Lane> {
    let calls = gateway.calls(FEW).await?;
    let load = Load::connect(gateway.address, gateway.pid, calls, connections).await.context("groupgate")?;
    Ok(Lane { load, slices: Slices::default() })
}
