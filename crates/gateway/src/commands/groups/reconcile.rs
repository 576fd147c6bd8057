//! `groups reconcile`: asks the gateways that run, and waits until one has done it.

use std::time::{Duration, Instant};

use serde::Serialize;
use tenant_store::{BusinessNumber, MirrorState, Space, TenantStatus};
use time::{OffsetDateTime, serde::rfc3339};

use super::{ReconcileArgs, numbers};
use crate::{
    commands::{
        CommandError,
        output::{Table, time_or_dash},
        store,
    },
    config::Environment,
};

/// Between two looks whether it is done.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Serialize)]
struct Reconciled {
    cust_space_id: String,
    done: bool,
    numbers: Vec<ReconciledNumber>,
}

#[derive(Serialize)]
struct ReconciledNumber {
    business_number: String,
    phone_number_id: String,
    /// Whether its list was compared since it was asked for.
    done: bool,
    #[serde(with = "rfc3339::option")]
    listed_at: Option<OffsetDateTime>,
    failure: Option<String>,
}

/// A number with its mirror as it stood before.
struct Asked {
    number: BusinessNumber,
    before: Option<MirrorState>,
}

pub(super) async fn run(args: ReconcileArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let tenant = store::tenant(&store, &args.tenant).await?;
    if tenant.status != TenantStatus::Active {
        let advice =
            "the tenant is not active, so nothing is asked of Meta in its name; `groupgate tenants show` says why";
        return Err(CommandError::NotReconciled(advice.to_owned()));
    }
    let space = store.space(args.tenant.as_str());
    let asked = ask(&space, numbers(&space, args.number.as_ref()).await?).await?;
    let numbers = until_done(&space, &asked, args.wait).await?;
    let done = numbers.iter().all(|number| number.done);
    let reconciled = Reconciled { cust_space_id: tenant.cust_space_id, done, numbers };
    args.output.print(&reconciled, as_text)?;
    if done || args.wait.is_zero() { Ok(()) } else { Err(CommandError::NotReconciled(why_not(&reconciled))) }
}

async fn ask(space: &Space<'_>, numbers: Vec<BusinessNumber>) -> Result<Vec<Asked>, CommandError> {
    let mut mirrors = space.mirrors().await?;
    let mut asked = Vec::new();
    for number in numbers {
        let at = mirrors.iter().position(|mirror| mirror.phone_number_id == number.phone_number_id);
        space.request_reconciliation(Some(&number.phone_number_id), &store::actor()).await?;
        asked.push(Asked { number, before: at.map(|at| mirrors.swap_remove(at)) });
    }
    Ok(asked)
}

/// Looks until all is done, or nothing more is to be waited for.
async fn until_done(space: &Space<'_>, asked: &[Asked], wait: Duration) -> Result<Vec<ReconciledNumber>, CommandError> {
    let begun = Instant::now();
    loop {
        let mirrors = space.mirrors().await?;
        let numbers: Vec<_> = asked.iter().map(|asked| asked.now(&mirrors)).collect();
        let is_over = |(asked, now): (&Asked, &ReconciledNumber)| now.done || asked.has_failed_since(now);
        if begun.elapsed() >= wait || asked.iter().zip(&numbers).all(is_over) {
            return Ok(numbers);
        }
        tokio::time::sleep(LOOK).await;
    }
}

impl Asked {
    fn now(&self, mirrors: &[MirrorState]) -> ReconciledNumber {
        let now = mirrors.iter().find(|mirror| mirror.phone_number_id == self.number.phone_number_id);
        let listed_at = now.and_then(|mirror| mirror.listed_at);
        ReconciledNumber {
            business_number: self.number.business_number.clone(),
            phone_number_id: self.number.phone_number_id.clone(),
            done: listed_at > self.before.as_ref().and_then(|mirror| mirror.listed_at),
            listed_at,
            failure: now.and_then(|mirror| mirror.failure.clone()),
        }
    }

    /// An older failure stays until a try succeeds, so that only a first one says that this try failed.
    fn has_failed_since(&self, now: &ReconciledNumber) -> bool {
        now.failure.is_some() && self.before.as_ref().is_none_or(|mirror| mirror.failure.is_none())
    }
}

fn why_not(reconciled: &Reconciled) -> String {
    let failure = reconciled.numbers.iter().find_map(|number| number.failure.as_deref());
    failure.map_or_else(
        || "it is not done yet: does a gateway run on this database? It is done as soon as one does".to_owned(),
        |failure| format!("it could not be done, and is tried again: {failure}"),
    )
}

fn as_text(reconciled: &Reconciled) -> String {
    let rows = reconciled.numbers.iter().map(|number| {
        let state = if number.done { "compared" } else { "asked for" };
        [number.business_number.clone(), state.to_owned(), time_or_dash(number.listed_at)]
    });
    Table::new(["NUMBER", "STATE", "LAST COMPARED"], rows).or("The tenant has no numbers.")
}
