//! `endpoints test`: has a gateway that runs send a test event, and waits for what comes back.

use std::time::{Duration, Instant};

use cams_api::events::EventId;
use serde::Serialize;
use tenant_store::{Delivery, DeliveryId, Space, TestSent, Try};

use super::arguments::TestArgs;
use crate::{
    commands::{CommandError, output::printable, store},
    config::Environment,
};

/// Longer than a try may take, and the time in which a gateway looks what there is to deliver.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks whether it was tried.
const LOOK: Duration = Duration::from_millis(100);

#[derive(Serialize)]
struct Tested {
    endpoint_id: String,
    event_id: String,
    delivery_id: String,
    delivered: bool,
    #[serde(skip)]
    is_suspended: bool,
    #[serde(flatten)]
    answer: Option<Try>,
}

pub(super) async fn run(args: TestArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let (space, endpoint) = args.named.find(&store).await?;
    let TestSent { event_id, delivery_id } = space.test_endpoint(args.named.id, &store::actor()).await?;
    let answer = first_try(&space, delivery_id).await?;
    let is_suspended = args.named.is_of_suspended(&store).await?;
    let tested = Tested {
        is_suspended,
        endpoint_id: endpoint.endpoint_id.to_string(),
        event_id: EventId(event_id).to_string(),
        delivery_id: delivery_id.to_string(),
        delivered: answer.as_ref().is_some_and(is_delivered),
        answer,
    };
    args.output.print(&tested, Tested::text)?;
    if tested.delivered { Ok(()) } else { Err(CommandError::NotDelivered(tested.why_not().to_owned())) }
}

/// The first try of a delivery, where it comes in time.
async fn first_try(space: &Space<'_>, delivery_id: DeliveryId) -> Result<Option<Try>, CommandError> {
    let begun = Instant::now();
    loop {
        let tries = space.delivery(delivery_id).await?.map(|Delivery { tries, .. }| tries).unwrap_or_default();
        if !tries.is_empty() || begun.elapsed() >= PATIENCE {
            return Ok(tries.into_iter().next());
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn is_delivered(answer: &Try) -> bool {
    answer.status.is_some_and(|status| (200..300).contains(&status))
}

impl Tested {
    fn text(&self) -> String {
        let Some(answer) = &self.answer else { return format!("Sent {}; nothing has come back.", self.event_id) };
        let Try { milliseconds, status, error, answer: body, .. } = answer;
        let said = status.map_or_else(
            || format!("no answer: {}", error.as_deref().map(printable).unwrap_or_default()),
            |status| format!("HTTP status {status}"),
        );
        let body = printable(body);
        let body = if body.is_empty() { body } else { format!("\n{body}") };
        format!("Sent {}; after {milliseconds} ms: {said}{body}", self.event_id)
    }

    fn why_not(&self) -> &'static str {
        match &self.answer {
            None if self.is_suspended => "the tenant is suspended: its endpoints wait until it is resumed",
            None => "no try was made within 20 s: does a gateway run on this database?",
            Some(Try { status: Some(300..=399), .. }) => {
                "the endpoint leads to another by a redirect, and those are not followed: give the URL at the end"
            }
            Some(Try { status: Some(_), .. }) => "the endpoint does not answer with a 2xx",
            Some(Try { status: None, .. }) => "the endpoint does not answer",
        }
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn tested(answer: Option<(Option<u16>, &str)>) -> Tested {
        let at = OffsetDateTime::UNIX_EPOCH;
        let answer = answer.map(|(status, text)| Try {
            at,
            milliseconds: 12,
            status,
            error: status.is_none().then(|| text.to_owned()),
            answer: text.to_owned(),
        });
        let [endpoint_id, event_id, delivery_id] = ["ep_1", "evt_1", "dlv_1"].map(str::to_owned);
        let delivered = answer.as_ref().is_some_and(is_delivered);
        Tested { endpoint_id, event_id, delivery_id, delivered, is_suspended: false, answer }
    }

    #[test]
    fn any_2xx_is_delivered_and_nothing_else_is() {
        let delivered = [200, 202, 204, 299].map(|status| tested(Some((Some(status), ""))).delivered);
        assert_eq!(delivered, [true; 4]);
        for status in [None, Some(199), Some(302), Some(410), Some(500)] {
            assert!(!tested(Some((status, ""))).delivered, "{status:?}");
        }
    }

    #[test]
    fn what_came_back_is_shown_and_what_did_not_is_told_apart() {
        assert_eq!(tested(Some((Some(500), "oh\u{1b}[2J"))).text(), "Sent evt_1; after 12 ms: HTTP status 500\noh[2J");
        assert_eq!(tested(Some((None, ""))).text(), "Sent evt_1; after 12 ms: no answer: ");
        assert!(tested(None).why_not().contains("does a gateway run"));
        assert!(Tested { is_suspended: true, ..tested(None) }.why_not().contains("suspended"));
        assert!(tested(Some((Some(302), ""))).why_not().contains("redirect"));
    }
}
