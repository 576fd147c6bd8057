//! What one gateway holds in memory.

use std::path::Path;

use anyhow::Context as _;

use crate::figures::{Figure, median};
use crate::load::Load;
use crate::stage::{FEW, Stage};
use crate::tenants::Tenants;

const CONNECTIONS: usize = 64;

/// After load on few tenants, on few of many, and on all that can be called. Each time one gateway runs, and no other, since
/// processes of one program share memory.
pub(crate) async fn measure(stage: &Stage) -> anyhow::Result<Vec<Figure>> {
    let scale = stage.scale;
    let (few, many) = (stage.few().await?, stage.many().await?);
    let mut megabytes: [Vec<f64>; 3] = Default::default();
    for _ in 0..scale.repeats {
        megabytes[0].push(after_load(stage, few, FEW).await?);
        megabytes[1].push(after_load(stage, many, FEW).await?);
        megabytes[2].push(after_load(stage, many, many.in_use).await?);
    }
    let detail = |values: &[f64]| {
        let values: Vec<String> = values.iter().map(|value| format!("{value:.1}")).collect();
        format!("PSS after load on 64 connections: {}", values.join(", "))
    };
    let [of_few, of_few_of_many, of_all] = megabytes.map(|values| (median(values.iter().copied()), detail(&values)));
    let in_store = scale.tenants;
    Ok(vec![
        Figure::new("memory with 10 tenants, MB", of_few.0).at_most(25.0).from(of_few.1),
        Figure::new(format!("memory with {} tenants in use, MB", scale.in_use), of_all.0).at_most(60.0).from(of_all.1),
        Figure::new(format!("memory with {in_store} tenants in the store, 10 in use, MB"), of_few_of_many.0)
            .from(of_few_of_many.1),
    ])
}

async fn after_load(stage: &Stage, tenants: &Tenants, called: u32) -> anyhow::Result<f64> {
    let gateway = stage.gateway(tenants).await?;
    let calls = gateway.calls(called).await?;
    let mut load = Load::connect(gateway.address, gateway.pid, calls, CONNECTIONS).await?;
    load.warm_up(stage.scale.warm_up).await?;
    proportional_set_size(gateway.pid)
}

/// Megabytes of memory that a process has, what it shares counted in parts
/// (<https://docs.kernel.org/filesystems/proc.html>, `smaps_rollup`).
fn proportional_set_size(pid: u32) -> anyhow::Result<f64> {
    let file = Path::new("/proc").join(pid.to_string()).join("smaps_rollup");
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss in smaps_rollup")?;
    let kibibytes: u32 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(f64::from(kibibytes) * 1024.0 / 1e6)
}
