//! What is left of Meta's quotas, and what is held for their sake: read where it is known when somebody looks.

use std::fmt;
use std::sync::{Arc, OnceLock};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::upstream::{Budget, Reason, Survey};

/// The budget, as soon as there is one.
#[derive(Debug, Clone, Default)]
pub(super) struct BudgetMetrics(Arc<OnceLock<Arc<Budget>>>);

impl BudgetMetrics {
    /// The budget that is shown from now on. There is one in a process's life.
    pub(super) fn show(&self, budget: &Arc<Budget>) {
        self.0.get_or_init(|| budget.clone());
    }
}

impl Collector for BudgetMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(budget) = self.0.get() else { return Ok(()) };
        let surveys = budget.surveys();
        used(&mut encoder, &surveys)?;
        closed(&mut encoder, &surveys)?;
        held(&mut encoder, budget)
    }
}

fn used(encoder: &mut DescriptorEncoder<'_>, surveys: &[(&'static str, Survey)]) -> fmt::Result {
    let name = "groupgate_upstream_budget_used_ratio";
    let help = "How much of the app's quota at Meta is used, and of the account's (waba) that has used the most of its own, by Meta's last word.";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (scope, survey) in surveys.iter().filter(|(scope, _)| matches!(*scope, "app" | "waba")) {
        let gauge = ConstGauge::new(f64::from(survey.level) / 100.0);
        gauge.encode(family.encode_family(&[("scope", *scope)])?)?;
    }
    Ok(())
}

fn closed(encoder: &mut DescriptorEncoder<'_>, surveys: &[(&'static str, Survey)]) -> fmt::Result {
    let name = "groupgate_upstream_budget_closed";
    let help = "Quotas of which nothing is used now, since Meta said so or has just refused: the app's, accounts' (waba), tokens', numbers'.";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (scope, survey) in surveys {
        ConstGauge::new(i64::from(survey.held)).encode(family.encode_family(&[("scope", *scope)])?)?;
    }
    Ok(())
}

fn held(encoder: &mut DescriptorEncoder<'_>, budget: &Budget) -> fmt::Result {
    let name = "groupgate_upstream_budget_held";
    let help = "Calls to Meta that were not sent: not_before (Meta's time, or a refusal just now), and near a quota's end background (our own), write, read; and crowded (as many of the tenant's were under way as may be).";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (reason, counter) in Reason::ALL.iter().zip(budget.figures().counters()) {
        ConstCounter::new(counter.get()).encode(family.encode_family(&[("reason", *reason)])?)?;
    }
    Ok(())
}
