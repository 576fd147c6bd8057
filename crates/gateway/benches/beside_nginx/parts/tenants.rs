//! Whether a call costs more where there are many tenants.

use crate::figures::Figure;
use crate::load::Load;
use crate::slices::{Lane, Slice, rounds};
use crate::stage::{FEW, Stage};

const CONNECTIONS: usize = 64;
/// How much longer than others a slice on few tenants is, so that it is something beside one on many.
const LONGER: u32 = 10;

/// Two gateways take turns, one with few tenants in its store, and one with many, of which a tenth is called. What a
/// gateway remembers of a tenant it looks up again after a while. A slice on many lasts that long, so that it pays for each
/// of them once.
pub(crate) async fn measure(stage: &Stage) -> anyhow::Result<Vec<Figure>> {
    let scale = stage.scale;
    let (few, many) = (stage.few().await?, stage.many().await?);
    let (gateway_of_few, gateway_of_many) = (stage.gateway(few).await?, stage.gateway(many).await?);
    let mut lanes = Vec::new();
    for (gateway, called, slice) in
        [(&gateway_of_few, FEW, scale.slice * LONGER), (&gateway_of_many, scale.in_use, scale.trusted)]
    {
        let calls = gateway.calls(called).await?;
        lanes.push(Lane::new(Load::connect(gateway.address, gateway.pid, calls, CONNECTIONS).await?, slice));
    }
    rounds(&mut lanes, scale.repeats, scale).await?;
    let mut slices = lanes.into_iter().map(|lane| lane.slices);
    let (of_few, of_many) = (slices.next().unwrap_or_default(), slices.next().unwrap_or_default());
    let name = format!("CPU time a call, {} tenants in the store, {} called ÷ 10 tenants", scale.tenants, scale.in_use);
    let detail = format!("many {}, few {}", of_many.cpu(), of_few.cpu());
    Ok(vec![Figure::new(name, of_many.ratio(&of_few, Slice::cpu_a_call)).at_most(1.1).from(detail)])
}
