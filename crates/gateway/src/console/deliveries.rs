//! Deliveries to an endpoint: which there are, how their tries ended, and one sent again.

use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use cams_api::events::EventType;
use serde_json::json;
use tenant_store::{DeliveryId, EndpointId};

use super::badge::Badge;
use super::endpoints::{Subject, Whose};
use super::error::ConsoleError;
use super::fields::{self, Fields};
use super::legible::{legible, without_links};
use super::list::Shown;
use super::notice;
use super::page::{Frame, html};
use super::sent::Sent;
use super::visit::Visit;
use crate::admin::deliveries::{self, DeliveryView, ListDeliveries, State, Try};
use crate::admin::replays;
use crate::api::admin::Place;

/// What the list can be narrowed to.
const STATES: &[(&str, &str)] =
    &[("", "Any"), ("waiting", "Waiting"), ("in_flight", "Being tried"), ("done", "Delivered"), ("dead", "Given up")];

#[derive(Template)]
#[template(path = "console/deliveries.html")]
struct ListPage {
    frame: Frame,
    subject: Subject,
    list: Shown<DeliveryView>,
    states: &'static [(&'static str, &'static str)],
}

#[derive(Template)]
#[template(path = "console/delivery.html")]
struct DeliveryPage {
    frame: Frame,
    subject: Subject,
    delivery: DeliveryView,
    /// Where its event is sent again.
    again: String,
    answers: Vec<(String, String)>,
    fields: Fields,
}

/// The list.
pub(super) async fn list<O: Place>(visit: Visit<(O, EndpointId)>) -> Result<HttpResponse, ConsoleError> {
    let subject = Subject::of(&visit, visit.path.1).await?;
    let (tenant, endpoint) = (visit.path.tenant(), visit.path.1);
    let to_it = async |asked: ListDeliveries| deliveries::list(&visit.ctx, tenant, endpoint, asked).await;
    let list = Shown::of(&visit, to_it).await?;
    let frame = visit.frame(subject.whose.section(), format!("Deliveries to {}", subject.name()));
    Ok(html(list.response(), &ListPage { frame, subject, list, states: STATES }))
}

/// One delivery with its tries.
pub(super) async fn show<O: Place>(visit: Visit<(O, EndpointId, DeliveryId)>) -> Result<HttpResponse, ConsoleError> {
    page(&visit, HttpResponse::Ok(), Fields::default()).await
}

/// Sends its event again, to this endpoint alone.
pub(super) async fn send_again<O: Place>(
    mut sent: Sent<(O, EndpointId, DeliveryId)>,
) -> Result<HttpResponse, ConsoleError> {
    let whose = Whose::of(&sent.visit.path);
    let (endpoint, tenant) = (sent.visit.path.1, whose.tenant.clone());
    let of = deliveries::get(&sent.visit.ctx, tenant.as_ref(), endpoint, sent.visit.path.2).await?;
    let asked = json!({"event_id": of.event_id});
    let done =
        sent.done(async move |ctx| replays::replay(ctx, tenant.as_ref(), endpoint, fields::read(&asked)?).await).await;
    let list = format!("{}/deliveries?event_id={}", whose.at(endpoint), of.event_id);
    let done = done.map(|done| done.leads_to(&list, &notice::SENT_AGAIN));
    sent.or_again(done, async |status, fields| page(&sent.visit, HttpResponse::build(status), fields).await).await
}

async fn page<O: Place>(
    visit: &Visit<(O, EndpointId, DeliveryId)>,
    response: HttpResponseBuilder,
    fields: Fields,
) -> Result<HttpResponse, ConsoleError> {
    let subject = Subject::of(visit, visit.path.1).await?;
    let delivery = deliveries::get(&visit.ctx, visit.path.tenant(), visit.path.1, visit.path.2).await?;
    let frame = visit.frame(subject.whose.section(), format!("Delivery of {}", delivery.event_type));
    let again = subject.below(&format!("deliveries/{}/send-again", delivery.delivery_id));
    Ok(html(response, &DeliveryPage { frame, subject, answers: answers(&delivery.tries), delivery, again, fields }))
}

/// Where it stands.
impl Badge for DeliveryView {
    fn kind(&self) -> &'static str {
        match self.state {
            State::Waiting if !self.tries.is_empty() => "warn",
            State::Waiting | State::InFlight => "neutral",
            State::Done => "good",
            State::Dead => "bad",
        }
    }

    fn text(&self) -> &'static str {
        match self.state {
            State::Waiting if !self.tries.is_empty() => "failed, to be tried again",
            State::Waiting => "waiting",
            State::InFlight => "being tried",
            State::Done => "delivered",
            State::Dead => "given up",
        }
    }
}

/// What was answered to the tries, each with what it is called.
fn answers(tries: &[Try]) -> Vec<(String, String)> {
    let answered = tries.iter().enumerate().filter(|(_, tried)| !tried.answer.is_empty());
    let named = |number| format!("Answer to try {number}, its first 1 KB");
    answered.map(|(before, tried)| (named(before + 1), legible(&without_links(&tried.answer)))).collect()
}

/// How a try ended, in a few words.
pub(super) fn outcome(tried: &Try) -> String {
    match (tried.status, &tried.error) {
        (Some(status), None) => format!("HTTP {status}"),
        (Some(status), Some(error)) => format!("HTTP {status}: {}", legible(error)),
        (None, Some(error)) => legible(error),
        (None, None) => "no answer".to_owned(),
    }
}

/// What an event of this type tells.
pub(super) fn meaning(event_type: &str) -> String {
    event_type.parse::<EventType>().map(|known| known.meaning().replace('`', "")).unwrap_or_default()
}
