//! Whether a call costs more where there are many tenants.

use crate::figures::Figure;
use crate::load::Load;
use crate::slices::{Slice, Slices};
use crate::stage::{FEW, Stage};

const CONNECTIONS: usize = 64;

/// Two gateways take turns, one with few tenants in its store, and one with many, of which a tenth is called.
pub(crate) async fn measure(stage: &Stage) -> anyhow::Result<Vec<Figure>> {
    let scale = stage.scale;
    let (few, many) = (stage.few().await?, stage.many().await?);
    let (gateway_of_few, gateway_of_many) = (stage.gateway(few).await?, stage.gateway(many).await?);
    let mut loads = Vec::new();
    for (gateway, called) in [(&gateway_of_few, FEW), (&gateway_of_many, scale.in_use)] {
        let calls = gateway.calls(called).await?;
        let mut load = Load::connect(gateway.address, gateway.pid, calls, CONNECTIONS).await?;
        load.warm_up(scale.warm_up).await?;
        loads.push((load, Slices::default()));
    }
    for _ in 0..scale.rounds {
        for (load, slices) in &mut loads {
            slices.0.push(load.run(scale.slice).await?);
        }
    }
    let mut slices = loads.into_iter().map(|(_, slices)| slices);
    let (of_few, of_many) = (slices.next().unwrap_or_default(), slices.next().unwrap_or_default());
    let name = format!("CPU time a call, {} tenants in the store, {} called ÷ 10 tenants", scale.tenants, scale.in_use);
    let detail = format!("many {}, few {}", of_many.cpu(), of_few.cpu());
    Ok(vec![Figure::new(name, of_many.ratio(&of_few, Slice::cpu_a_call)).at_most(1.1).from(detail)])
}
