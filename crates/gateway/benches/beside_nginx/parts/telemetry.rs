//! What traces cost: a gateway that sends them beside one that does not.

use anyhow::Context as _;

use crate::figures::Figure;
use crate::groupgate::Groupgate;
use crate::load::Load;
use crate::slices::{Lane, Slice, rounds};
use crate::stage::{FEW, Stage};
use crate::{program, stub};

const CONNECTIONS: usize = 64;
/// Where traces go; they are off without it.
const SETTING: &str = "GROUPGATE_OTLP_URL";

/// With the default share of calls that are traced. Metrics are counted by both: they cannot be switched off.
pub(crate) async fn measure(stage: &Stage) -> anyhow::Result<Vec<Figure>> {
    let name = "CPU time a call, with traces ÷ without";
    if !knows_traces()? {
        return Ok(vec![Figure::missing(name, format!("this program has no setting {SETTING}"))]);
    }
    let (tenants, collector) = (stage.few().await?, stub::collector().await?);
    let url = format!("http://{}", collector.address);
    let without = stage.gateway(tenants).await?;
    let with = Groupgate::start(tenants, stage.upstream, &[(SETTING, &url)]).await?;
    let mut lanes = Vec::new();
    for gateway in [&without, &with] {
        let calls = gateway.calls(FEW).await?;
        let load = Load::connect(gateway.address, gateway.pid, calls, CONNECTIONS).await?;
        lanes.push(Lane::new(load, stage.scale.slice));
    }
    rounds(&mut lanes, stage.scale.rounds, stage.scale).await?;
    let mut slices = lanes.into_iter().map(|lane| lane.slices);
    let (without, with) = (slices.next().unwrap_or_default(), slices.next().unwrap_or_default());
    let detail = format!("with {}, without {}; {} exports came", with.cpu(), without.cpu(), collector.asked.get());
    Ok(vec![Figure::new(name, with.ratio(&without, Slice::cpu_a_call)).at_most(1.05).from(detail)])
}

/// Whether the program's settings name where traces go.
fn knows_traces() -> anyhow::Result<bool> {
    let listed = program::groupgate().args(["openapi", "--settings"]).output().context("groupgate does not start")?;
    Ok(String::from_utf8_lossy(&listed.stdout).contains(SETTING))
}
