//! What must be true of events in the end: each that Meta told of stands once in the inbox, with its tenant, has its place in
//! the tenant's sequence, and was taken by the tenant's endpoint.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::endpoints::Endpoints;
use super::tap::{Print, Tap, Told, print_of_row};
use crate::world::{Postgres, Tenant};

/// An event of the inbox.
#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    cust_space_id: Option<String>,
    field: String,
    phone_number_id: Option<String>,
    value: String,
    state: String,
    sequence: Option<i64>,
}

/// Each row of the inbox, read to its end.
pub(crate) struct Inbox {
    rows: Vec<Row>,
}

impl Inbox {
    /// All that there is.
    pub(crate) async fn read(postgres: &Postgres) -> Self {
        let all = "select id::text, cust_space_id, field, phone_number_id, value::text, state, sequence from events";
        Self { rows: sqlx::query_as(all).fetch_all(&mut postgres.superuser().await).await.unwrap() }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// What is wrong with it.
    pub(super) fn wrong(&self, tap: &Tap, tenants: &[Tenant]) -> Vec<String> {
        let told = tap.look(|told| self.missing_or_doubled(told));
        told.into_iter().chain(self.with_another(tenants)).chain(self.not_routed()).collect()
    }

    fn missing_or_doubled(&self, told: &Told) -> Vec<String> {
        let mut times: HashMap<Print, usize> = HashMap::new();
        for row in &self.rows {
            let value: Value = serde_json::from_str(&row.value).unwrap();
            if let Some(print) = print_of_row(&row.field, &value) {
                *times.entry(print).or_default() += 1;
            }
        }
        let wrong = told.events.iter().filter(|(print, _)| times.get(*print) != Some(&1));
        wrong
            .map(|(print, (phone, sent))| {
                let times = times.get(print).copied().unwrap_or_default();
                format!("an event of {phone}, sent {sent} times, stands {times} times in the inbox")
            })
            .collect()
    }

    fn with_another(&self, tenants: &[Tenant]) -> Vec<String> {
        let owner = |phone: &str| tenants.iter().find(|tenant| tenant.phone_number_id == phone);
        let is_wrong = |row: &&Row| {
            let expected = row.phone_number_id.as_deref().and_then(owner).map(|tenant| tenant.cust_space_id.as_str());
            expected.is_some() && row.cust_space_id.as_deref() != expected
        };
        let wrong = self.rows.iter().filter(is_wrong);
        wrong.map(|row| format!("{} of {:?} is with {:?}", row.id, row.phone_number_id, row.cust_space_id)).collect()
    }

    fn not_routed(&self) -> Vec<String> {
        let wrong = self.rows.iter().filter(|row| row.state != "routed" || row.sequence.is_none());
        wrong.map(|row| format!("{} ({}) is {} with {:?}", row.id, row.field, row.state, row.sequence)).collect()
    }

    /// Where a tenant's sequence has gaps.
    pub(crate) fn gaps(&self) -> Vec<String> {
        let of_tenant = |tenant: &String| {
            let mut sequences = self.sequences(tenant);
            sequences.sort_unstable();
            let is_whole = sequences.iter().copied().eq(1..=i64::try_from(sequences.len()).unwrap());
            (!is_whole).then(|| format!("the sequence of {tenant} is not whole: {sequences:?}"))
        };
        self.last_sequences().keys().filter_map(of_tenant).collect()
    }

    fn sequences(&self, tenant: &str) -> Vec<i64> {
        let its = self.rows.iter().filter(|row| row.cust_space_id.as_deref() == Some(tenant));
        its.filter_map(|row| row.sequence).collect()
    }

    /// How far each tenant's sequence has come.
    pub(crate) fn last_sequences(&self) -> BTreeMap<String, i64> {
        let mut last = BTreeMap::new();
        for row in &self.rows {
            if let (Some(tenant), Some(sequence)) = (&row.cust_space_id, row.sequence) {
                let last = last.entry(tenant.clone()).or_insert(sequence);
                *last = sequence.max(*last);
            }
        }
        last
    }

    /// What the tenants' endpoints have not taken, of what came behind the places where they were opened.
    pub(crate) fn not_taken(&self, endpoints: &Endpoints, opened: &BTreeMap<String, i64>) -> Vec<String> {
        endpoints.look(|ledger| {
            let is_taken = |tenant: &str, sequence, id: &str| {
                let id = format!("evt_{}", id.replace('-', ""));
                sequence <= opened[tenant] || ledger.taken(tenant, sequence, &id) > 0
            };
            let wrong = self.rows.iter().filter_map(|row| {
                let (tenant, sequence) = (row.cust_space_id.as_deref()?, row.sequence?);
                (!is_taken(tenant, sequence, &row.id)).then(|| format!("{tenant} never took {sequence}, {}", row.id))
            });
            wrong.collect()
        })
    }
}
