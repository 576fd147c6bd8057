//! Endpoints get what is published: in lanes, by claims, with tries that are recorded; and again when asked.

use std::time::Duration;

use serde_json::json;
use sqlx::AssertSqlSafe;
use tenant_store::{
    AfterTry, ClaimedDelivery, Delivery, DeliveryFilter, EndpointId, NewEndpoint, Space, Store, TriedDelivery,
    TriesRecorded,
};
use time::OffsetDateTime;

use crate::helpers::{ALPHA, ALPHA_PHONE, BETA, BETA_PHONE, TestEvent, World, actor};

mod claims;
mod endpoints;
mod ends;
mod filters;
mod lanes;
mod many;
mod races;
mod replays;
mod stopping;

const LEASE: Duration = Duration::from_mins(1);
const LATER: AfterTry = AfterTry::Again { after: Duration::from_hours(1) };

/// Two tenants, of which the first has an endpoint.
struct Post {
    world: World,
    endpoint: EndpointId,
}

impl Post {
    async fn new() -> Self {
        let world = World::with_tenants().await;
        let endpoint = endpoint(world.store.space(ALPHA), &[]).await;
        Self { world, endpoint }
    }

    fn store(&self) -> &Store {
        &self.world.store
    }

    fn alpha(&self) -> Space<'_> {
        self.store().space(ALPHA)
    }

    /// Publishes an event of the first tenant for each of these groups, in this order; `""`: of no group.
    async fn publish(&self, groups: &[&str]) {
        let events: Vec<_> = groups.iter().map(|group| message(group)).collect();
        self.publish_events(&events).await;
    }

    async fn publish_events(&self, events: &[TestEvent]) {
        self.world.receive(events).await;
        while self.world.route().await.found_any() {}
    }

    async fn claim(&self) -> Vec<ClaimedDelivery> {
        claim(self.store()).await
    }

    async fn end(&self, claimed: &[ClaimedDelivery], next: AfterTry) -> TriesRecorded {
        end(self.store(), claimed, next).await
    }

    /// All deliveries to the endpoint, oldest event first.
    async fn deliveries(&self) -> Vec<Delivery> {
        let filter = DeliveryFilter::default();
        let mut found = self.alpha().deliveries(self.endpoint, &filter, None, 1_000).await.unwrap();
        found.sort_by_key(|delivery| (delivery.sequence, delivery.delivery_id));
        found
    }

    /// A statement of the tables' owner, with the endpoint as its `$1`.
    async fn as_owner(&self, statement: &str) {
        sqlx::query(AssertSqlSafe(statement.to_owned()))
            .bind(self.endpoint.0)
            .execute(&self.world.owner().await)
            .await
            .unwrap();
    }
}

/// Gives both tenants an endpoint, to which one delivery is done and one is open.
pub(crate) async fn deliver_to_both(world: &World) {
    for (tenant, phone_number_id) in [(ALPHA, ALPHA_PHONE), (BETA, BETA_PHONE)] {
        endpoint(world.store.space(tenant), &[]).await;
        // The second of a lane waits for the first.
        let events = [message("G"), message("G")].map(|event| event.of_number(Some(phone_number_id)));
        world.receive(&events).await;
    }
    while world.route().await.found_any() {}
    end(&world.store, &claim(&world.store).await, AfterTry::Done).await;
}

async fn endpoint(space: Space<'_>, types: &[&str]) -> EndpointId {
    let types = types.iter().map(|name| (*name).to_owned()).collect();
    let new = NewEndpoint { url: "https://receiver.example/hook?key=hidden".to_owned(), types, ..Default::default() };
    space.create_endpoint(&new, &actor()).await.unwrap().endpoint.endpoint_id
}

fn message(group: &str) -> TestEvent {
    let group = Some(group).filter(|group| !group.is_empty());
    event("message.received", group).of_number(Some(ALPHA_PHONE))
}

fn event(event_type: &str, group: Option<&str>) -> TestEvent {
    TestEvent::new(json!({"type": event_type, "group_id": group}))
}

fn of_beta(event: TestEvent) -> TestEvent {
    event.of_number(Some(BETA_PHONE))
}

async fn claim(store: &Store) -> Vec<ClaimedDelivery> {
    let mut claimed = store.claim_deliveries(1_000, LEASE).await.unwrap();
    claimed.sort_by_key(|delivery| delivery.event.sequence);
    claimed
}

async fn end(store: &Store, claimed: &[ClaimedDelivery], next: AfterTry) -> TriesRecorded {
    let tried: Vec<_> = claimed.iter().map(|delivery| tried(delivery, next.clone())).collect();
    store.record_tries(&tried).await.unwrap()
}

fn tried(claimed: &ClaimedDelivery, next: AfterTry) -> TriedDelivery {
    let status = match next {
        AfterTry::Done => 204,
        AfterTry::Gone => 410,
        AfterTry::Again { .. } | AfterTry::Dead { .. } => 500,
    };
    TriedDelivery {
        delivery_id: claimed.delivery_id,
        claim: claimed.claim,
        at: OffsetDateTime::now_utc(),
        duration: Duration::from_millis(12),
        status: Some(status),
        error: None,
        answer: "an answer with a NUL: \0".to_owned(),
        next,
    }
}

fn sequences(claimed: &[ClaimedDelivery]) -> Vec<i64> {
    claimed.iter().filter_map(|delivery| delivery.event.sequence).collect()
}
