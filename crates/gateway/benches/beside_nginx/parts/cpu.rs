//! CPU time a call, and calls a second: the gateway beside nginx and nginx with Lua.

use anyhow::Context as _;

use crate::figures::Figure;
use crate::groupgate::Groupgate;
use crate::load::Load;
use crate::nginx::{self, Nginx};
use crate::options::Build;
use crate::slices::{Lane, Slice, Slices, rounds};
use crate::stage::{FEW, Stage};

/// Connections, as the figures to reach have it.
const USUAL: usize = 64;
const MANY: usize = 256;

/// The rows of CPU time beside nginx, of which a run fills the one of its build, and what each is to be at the most.
const BUILDS: [(Build, &str, f64); 2] = [
    (Build::Plain, "CPU time a call, gateway ÷ nginx, the plain release build", 1.5),
    (Build::Pgo, "the same, as released, with PGO", 1.3),
];

/// One figure for each row of the table about CPU time and rate.
pub(crate) async fn measure(stage: &Stage) -> anyhow::Result<Vec<Figure>> {
    let plain = nginx::plain::start(stage.upstream).await?;
    let lua = nginx::lua::start(stage.upstream, FEW).await;
    let gateway = stage.gateway(stage.few().await?).await?;
    let mut loads = vec![of_nginx(&plain, USUAL).await?, of_gateway(&gateway, USUAL).await?];
    loads.push(of_nginx(&plain, MANY).await?);
    loads.push(of_gateway(&gateway, MANY).await?);
    let without_lua = match &lua {
        Ok(lua) => of_lua(lua).await.map(|load| loads.push(load)),
        Err(error) => Err(anyhow::anyhow!("{error:#}")),
    };
    let mut lanes: Vec<Lane> = loads.into_iter().map(|load| Lane::new(load, stage.scale.slice)).collect();
    rounds(&mut lanes, stage.scale.rounds, stage.scale).await?;
    let mut slices = lanes.into_iter().map(|lane| lane.slices);
    let mut next = || slices.next().unwrap_or_default();
    let (nginx, ours, nginx_many, ours_many, lua) = (next(), next(), next(), next(), next());
    let mut figures = beside_nginx(&ours, &nginx, stage.build);
    figures.extend([
        beside_lua(&ours, &lua, without_lua.err()).at_most(0.65),
        of_rate(&ours, &nginx).at_least(0.65),
        of_cpu("CPU time a call, 256 connections ÷ 64", (&ours_many, "256"), (&ours, "64")).at_most(1.1),
        of_cpu("the same of nginx", (&nginx_many, "256"), (&nginx, "64")),
    ]);
    Ok(figures)
}

fn of_cpu(name: &str, (ours, our_name): (&Slices, &str), (other, other_name): (&Slices, &str)) -> Figure {
    let detail = format!("{our_name} {}, {other_name} {}", ours.cpu(), other.cpu());
    Figure::new(name, ours.ratio(other, Slice::cpu_a_call)).from(detail)
}

fn beside_nginx(ours: &Slices, nginx: &Slices, measured: Build) -> Vec<Figure> {
    let row = |(build, name, most): (Build, &str, f64)| {
        let figure = if build == measured {
            of_cpu(name, (ours, "gateway"), (nginx, "nginx"))
        } else {
            Figure::missing(name, "not this build; `GROUPGATE_BENCH_BUILD` says which one is measured")
        };
        figure.at_most(most)
    };
    BUILDS.map(row).into()
}

/// Where a proxy has time left on its core, calls a second are the load's figure: then it is CPU time that is compared.
fn of_rate(ours: &Slices, nginx: &Slices) -> Figure {
    let name = "calls a second on one core, gateway ÷ nginx";
    let rates = format!("gateway {}; nginx {}", ours.rate(), nginx.rate());
    if ours.fill_the_core() && nginx.fill_the_core() {
        return Figure::new(name, ours.ratio(nginx, Slice::calls_a_second)).from(rates);
    }
    let detail = format!("what CPU time a call leaves room for, since not both had a busy core: {rates}");
    Figure::new(name, nginx.ratio(ours, Slice::cpu_a_call)).from(detail)
}

fn beside_lua(ours: &Slices, lua: &Slices, missing: Option<anyhow::Error>) -> Figure {
    let name = "CPU time a call, gateway ÷ nginx with Lua doing the same job";
    match missing {
        Some(why) => Figure::missing(name, format!("{why:#}")),
        None => of_cpu(name, (ours, "gateway"), (lua, "nginx with Lua")),
    }
}

async fn of_nginx(nginx: &Nginx, connections: usize) -> anyhow::Result<Load> {
    let calls = nginx::plain::calls(nginx.address);
    Load::connect(nginx.address, nginx.pid, calls, connections).await.context("nginx")
}

async fn of_lua(nginx: &Nginx) -> anyhow::Result<Load> {
    let calls = nginx::lua::calls(nginx.address, FEW)?;
    Load::connect(nginx.address, nginx.pid, calls, USUAL).await.context("nginx with Lua")
}

async fn of_gateway(gateway: &Groupgate, connections: usize) -> anyhow::Result<Load> {
    let calls = gateway.calls(FEW).await?;
    Load::connect(gateway.address, gateway.pid, calls, connections).await.context("groupgate")
}
