//! The pages of a tenant's events: pulled, and streamed.

use cams_api::identifiers::CustSpaceId;
use cams_api::pull::{After, CODES, PULL, PullLimit, PullWait, PulledEvents, STREAM};
use cams_api::{Code, Scope};
use serde_json::{Value, json};
use utoipa::PartialSchema;
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, HttpMethod, RefOr, Required, Response, ResponseBuilder, Schema};

use super::operation::{by_status, done, refused};
use super::{Draft, headers, security};

const EVENTS: &str = "Events";

const PULL_DESCRIPTION: &str = "\
The events behind `After`, in the order of their `Sequence`, without a gap: what an endpoint gets by webhook, without one. \
Call again with `After` = `Next`. With `WaitSeconds`, a call for which there is nothing yet waits for the first event. Where \
events are large, fewer than `Limit` come, though more follow; only an empty `List` is the end. \
An `After` behind which events were dropped for their age gives `EventsExpired`, so that none is missed unnoticed.\n\n\
`cams:*` does not stand for this scope. Scope: `events.read`.";

const STREAM_DESCRIPTION: &str = "\
Events as they come, as [server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html): `id` is the \
`Sequence`, `event` the type, `data` the JSON on one line. They come in the order of their `Sequence`, without a gap, and a \
client that comes back with `Last-Event-ID` (an `EventSource` does so by itself) goes on where it was. A comment comes every \
15 seconds. The stream ends when the gateway stops, the key is revoked or loses the scope, the token is over, or the tenant \
is suspended.\n\n\
A key has at most 512 streams on a replica, a tenant 16. `Try it out` cannot show a stream, which has no end; \
`groupgate listen` does. Scope: `events.read`.";

/// Adds the pages.
pub(super) fn add(draft: &mut Draft) {
    draft.tags.push(EVENTS);
    add_pull(draft);
    add_stream(draft);
}

fn add_pull(draft: &mut Draft) {
    let answer = draft.enveloped::<PulledEvents>(format!("{PULL}Answer"));
    let example = json!({"Data": {"List": [event()], "Next": 1841}});
    let page = page(PULL, "Get a tenant's events, or wait for the next", PULL_DESCRIPTION)
        .parameter(query("CustSpaceId", CustSpaceId::schema()).required(Required::True))
        .parameter(query("After", without_example(After::schema())))
        .parameter(query("Limit", PullLimit::schema()))
        .parameter(query("WaitSeconds", without_example(PullWait::schema())))
        .response("200", headers::with_limits(done(answer, &example, &[])));
    draft.paths.add_path_operation("/v1/events", vec![HttpMethod::Get], with_refusals(page));
}

fn add_stream(draft: &mut Draft) {
    let page = page(STREAM, "Stream a tenant's events", STREAM_DESCRIPTION)
        .parameter(query("CustSpaceId", CustSpaceId::schema()).required(Required::True))
        .parameter(query("After", without_example(After::schema())))
        .parameter(last_event_id())
        .response("200", headers::with_limits(streamed()));
    draft.paths.add_path_operation("/v1/events/stream", vec![HttpMethod::Get], with_refusals(page));
}

fn page(id: &str, summary: &str, description: &str) -> OperationBuilder {
    OperationBuilder::new()
        .tag(EVENTS)
        .operation_id(Some(id))
        .summary(Some(summary))
        .description(Some(description))
        .securities(Some(security::requirements(Scope::EventsRead)))
}

fn with_refusals(page: OperationBuilder) -> OperationBuilder {
    let statuses = by_status(CODES.iter().copied()).into_iter();
    statuses.fold(page, |page, (status, codes)| {
        page.response(status.to_string(), headers::of_operation(status, refused(&codes)))
    })
}

fn streamed() -> Response {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    let example =
        "id: 1742\nevent: group.participant.joined\ndata: {\"Id\":\"evt_0199aa0e7c1d7c449d0e8a4f5a1b2c3d\", …}\n\n";
    let content = ContentBuilder::new().schema(Some(schema)).example(Some(example.into())).build();
    let description = format!("`{}`: {}", Code::Ok, "A stream that goes on.");
    let response = ResponseBuilder::new().description(description).content("text/event-stream", content);
    headers::with_request_id(response).build()
}

fn event() -> Value {
    json!({
        "Id": "evt_0199aa0e7c1d7c449d0e8a4f5a1b2c3d",
        "Sequence": 1841,
        "Type": "message.received",
        "OccurredAt": "2026-11-21T08:15:00Z",
        "ReceivedAt": "2026-11-21T08:15:00.412Z",
        "CustSpaceId": "cams-demo1",
        "BusinessNumber": "15550000001",
        "PhoneNumberId": "100000000000001",
        "WabaId": "200000000000001",
        "Data": {
            "MessageId": "wamid.1", "From": "16505551234", "MessageType": "text", "Content": {"body": "Hello"},
            "ContextMessageId": null,
        },
        "Meta": {
            "Field": "messages",
            "Value": {
                "messaging_product": "whatsapp",
                "metadata": {"display_phone_number": "15550000001", "phone_number_id": "100000000000001"},
                "messages": [{
                    "from": "16505551234", "id": "wamid.1", "timestamp": "1795248900", "type": "text",
                    "text": {"body": "Hello"},
                }],
            },
        },
    })
}

/// A parameter that is what its schema says. Swagger UI fills in the parameter's own example, and not its schema's.
fn query(name: &str, schema: RefOr<Schema>) -> ParameterBuilder {
    let object = if let RefOr::T(Schema::Object(object)) = &schema { Some(object) } else { None };
    let meaning = object.and_then(|object| object.description.clone());
    let example = object.and_then(|object| object.examples.first().cloned());
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).required(Required::False);
    parameter.description(meaning).example(example).schema(Some(schema))
}

/// Swagger UI fills an example in, and no tenant of the demo's has had so many events.
fn without_example(mut schema: RefOr<Schema>) -> RefOr<Schema> {
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        object.examples.clear();
    }
    schema
}

fn last_event_id() -> Parameter {
    ParameterBuilder::new()
        .name("Last-Event-ID")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The `id` of the last event that came, as an `EventSource` sends it by itself. It counts before `After`.",
        ))
        .schema(Some(without_example(After::schema())))
        .build()
}
