//! Status: which gateways run, what waits, what is left of the budgets, and which master keys are needed.

use std::time::Duration;

use actix_web::HttpResponse;
use askama::Template;
use time::OffsetDateTime;

use super::error::ConsoleError;
use super::page::{Frame, Section, html};
use super::traffic::grouped;
use super::visit::Visit;
use crate::admin::status::{self, NumberBudgetView, StatusView};

/// Each gateway is heard of every ten seconds.
const SILENT: Duration = Duration::from_secs(30);
/// What waits for longer than this waits for something that is wrong.
const LATE: Duration = Duration::from_mins(5);
/// What is open is counted up to this.
const COUNTED: i64 = 100_000;

#[derive(Template)]
#[template(path = "console/status.html")]
struct StatusPage {
    frame: Frame,
    /// What is bad, each in a sentence with what to do.
    troubles: Vec<String>,
    queues: Vec<Queue>,
    now: OffsetDateTime,
    status: StatusView,
}

/// Something that waits.
struct Queue {
    name: &'static str,
    count: String,
    oldest: Option<OffsetDateTime>,
    href: Option<&'static str>,
    is_bad: bool,
}

/// The page.
pub(super) async fn show(visit: Visit) -> Result<HttpResponse, ConsoleError> {
    let status = status::get(&visit.ctx).await?;
    let now = OffsetDateTime::now_utc();
    let page = StatusPage {
        frame: visit.frame(Section::Status, "Status"),
        troubles: troubles(&status, now),
        queues: queues(&status, now),
        now,
        status,
    };
    Ok(html(HttpResponse::Ok(), &page))
}

impl StatusPage {
    /// Whether a gateway was not heard of for as long as one that runs is.
    fn is_silent(&self, seen_at: &OffsetDateTime) -> bool {
        self.now - *seen_at > SILENT
    }

    /// Whether a master key that something is sealed under is missing from a gateway.
    fn lacks_a_key(&self, keys: &[String]) -> bool {
        lacks_a_key(&self.status, keys)
    }
}

fn lacks_a_key(status: &StatusView, keys: &[String]) -> bool {
    status.master_key_ids.iter().any(|needed| !keys.contains(needed))
}

fn queues(status: &StatusView, now: OffsetDateTime) -> Vec<Queue> {
    let queues = &status.queues;
    let is_late = |oldest: Option<OffsetDateTime>| oldest.is_some_and(|oldest| now - oldest > LATE);
    vec![
        Queue {
            name: "Events to be routed",
            count: grouped(queues.events_unrouted),
            oldest: queues.oldest_unrouted_at,
            href: None,
            is_bad: is_late(queues.oldest_unrouted_at),
        },
        Queue {
            name: "Events of numbers that no tenant has",
            count: counted(queues.events_of_unknown_numbers),
            oldest: None,
            href: Some("/console/events/unrouted"),
            is_bad: queues.events_of_unknown_numbers > 0,
        },
        Queue {
            name: "Deliveries open, with those that wait for their next try",
            count: counted(queues.deliveries_open),
            oldest: queues.oldest_delivery_at,
            href: None,
            is_bad: false,
        },
        Queue {
            name: "Deliveries being tried now",
            count: grouped(queues.deliveries_in_flight),
            oldest: None,
            href: None,
            is_bad: false,
        },
        Queue {
            name: "Endpoints that are disabled",
            count: grouped(queues.endpoints_disabled),
            oldest: None,
            href: Some("/console"),
            is_bad: queues.endpoints_disabled > 0,
        },
    ]
}

fn counted(count: i64) -> String {
    if count >= COUNTED { format!("{} or more", grouped(count)) } else { grouped(count) }
}

/// What is bad of it, in sentences.
fn troubles(status: &StatusView, now: OffsetDateTime) -> Vec<String> {
    let mut troubles = Vec::new();
    if status.versions.schema != "current" {
        troubles.push(match status.versions.schema {
            "newer" => "The database was migrated by a newer groupgate. Update this gateway.".to_owned(),
            _ => "The database’s schema is older than this gateway. Run groupgate migrate.".to_owned(),
        });
    }
    if status.replicas.iter().any(|replica| replica.version != status.versions.gateway) {
        troubles.push("Gateways of several versions run. That is right during an update alone: end it.".to_owned());
    }
    if status.replicas.iter().any(|replica| now - replica.seen_at > SILENT) {
        troubles.push(
            "A gateway was not heard of for half a minute. See whether it still runs, and reaches PostgreSQL."
                .to_owned(),
        );
    }
    if status.replicas.iter().any(|replica| lacks_a_key(status, &replica.master_key_ids)) {
        troubles.push("A gateway lacks a master key that tokens are sealed under, and cannot use these. Give it all that are in use in GROUPGATE_MASTER_KEY.".to_owned());
    }
    if status.queues.oldest_unrouted_at.is_some_and(|oldest| now - oldest > LATE) {
        troubles.push(
            "Events wait for more than five minutes to be routed. See the gateways’ logs for what keeps them."
                .to_owned(),
        );
    }
    if status.budgets.iter().flat_map(|budget| &budget.numbers).any(is_used_up) {
        troubles.push(
            "A number has no call to Meta left at this moment; more are refused until its limit has refilled."
                .to_owned(),
        );
    }
    troubles
}

fn is_used_up(number: &NumberBudgetView) -> bool {
    number.remaining == Some(0)
}
