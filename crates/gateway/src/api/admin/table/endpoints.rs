//! Endpoints and their deliveries: the same calls for a tenant's, and for the ISV's own.

use actix_web::http::Method;
use cams_api::identifiers::CustSpaceId;
use tenant_store::{DeliveryId, EndpointId};

use super::{AdminVisitor, Read, Sent};
use crate::admin::{AdminContext, Paging, deliveries, endpoints, replays};
use crate::api::admin::page::Page;
use crate::api::admin::place::Place;

/// Where the calls stand, and what they are called.
struct Pages {
    tag: &'static str,
    list: (&'static str, &'static str),
    add: (&'static str, &'static str),
    get: (&'static str, &'static str),
    change: (&'static str, &'static str),
    remove: (&'static str, &'static str),
    rotate_secret: (&'static str, &'static str),
    enable: (&'static str, &'static str),
    disable: (&'static str, &'static str),
    test: (&'static str, &'static str),
    replay: (&'static str, &'static str),
    deliveries: (&'static str, &'static str),
    delivery: (&'static str, &'static str),
}

/// The pages below a root, with `whose` in their names.
macro_rules! pages {
    ($tag:literal, $root:literal, $whose:literal) => {
        Pages {
            tag: $tag,
            list: (concat!($root, "/endpoints"), concat!("List", $whose, "Endpoints")),
            add: (concat!($root, "/endpoints"), concat!("Add", $whose, "Endpoint")),
            get: (concat!($root, "/endpoints/{endpoint_id}"), concat!("Get", $whose, "Endpoint")),
            change: (concat!($root, "/endpoints/{endpoint_id}"), concat!("Change", $whose, "Endpoint")),
            remove: (concat!($root, "/endpoints/{endpoint_id}"), concat!("Remove", $whose, "Endpoint")),
            rotate_secret: (
                concat!($root, "/endpoints/{endpoint_id}/rotate-secret"),
                concat!("Rotate", $whose, "EndpointSecret"),
            ),
            enable: (concat!($root, "/endpoints/{endpoint_id}/enable"), concat!("Enable", $whose, "Endpoint")),
            disable: (concat!($root, "/endpoints/{endpoint_id}/disable"), concat!("Disable", $whose, "Endpoint")),
            test: (concat!($root, "/endpoints/{endpoint_id}/test"), concat!("Test", $whose, "Endpoint")),
            replay: (concat!($root, "/endpoints/{endpoint_id}/replay"), concat!("Replay", $whose, "Events")),
            deliveries: (concat!($root, "/endpoints/{endpoint_id}/deliveries"), concat!("List", $whose, "Deliveries")),
            delivery: (
                concat!($root, "/endpoints/{endpoint_id}/deliveries/{delivery_id}"),
                concat!("Get", $whose, "Delivery"),
            ),
        }
    };
}

pub(super) fn of_endpoints(visitor: &mut impl AdminVisitor) {
    let of_tenant = pages!("Endpoints", "/tenants/{cust_space_id}", "");
    managed::<CustSpaceId>(visitor, &of_tenant);
    delivered::<CustSpaceId>(visitor, &of_tenant);
    let of_isv = pages!("The ISV's endpoints", "", "Isv");
    managed::<()>(visitor, &of_isv);
    delivered::<()>(visitor, &of_isv);
}

/// Endpoints are made, changed and removed.
fn managed<O: Place>(visitor: &mut impl AdminVisitor, pages: &Pages) {
    let tag = pages.tag;
    visitor.visit(
        Page::get(pages.list.0, pages.list.1, tag, "List endpoints"),
        async |ctx: &AdminContext, call: Read<O, Paging>| endpoints::list(ctx, call.path.tenant(), call.query).await,
    );
    visitor.visit(
        Page::post(pages.add.0, pages.add.1, tag, "Add an endpoint").told(
            "It gets what is published from now on. The secret that its deliveries are signed with is shown this once.",
        ),
        async |ctx: &AdminContext, call: Sent<O, endpoints::AddEndpoint>| {
            endpoints::add(ctx, call.path.tenant(), call.body).await
        },
    );
    visitor.visit(
        Page::get(pages.get.0, pages.get.1, tag, "See an endpoint"),
        async |ctx: &AdminContext, call: Read<(O, EndpointId)>| {
            endpoints::get(ctx, call.path.tenant(), call.path.1).await
        },
    );
    visitor.visit(
        Page::change(Method::PATCH, pages.change.0, pages.change.1, tag, "Change an endpoint"),
        async |ctx: &AdminContext, call: Sent<(O, EndpointId), endpoints::ChangeEndpoint>| {
            endpoints::change(ctx, call.path.tenant(), call.path.1, call.body).await
        },
    );
    visitor.visit(
        Page::change(Method::DELETE, pages.remove.0, pages.remove.1, tag, "Remove an endpoint")
            .told("With its deliveries, also those that wait; the events stay."),
        async |ctx: &AdminContext, call: Read<(O, EndpointId)>| {
            endpoints::remove(ctx, call.path.tenant(), call.path.1).await
        },
    );
    visitor.visit(
        Page::change(Method::POST, pages.rotate_secret.0, pages.rotate_secret.1, tag, "Give an endpoint a new secret")
            .told("It is shown this once. Until the overlap is over each delivery has two signatures."),
        async |ctx: &AdminContext, call: Sent<(O, EndpointId), endpoints::RotateEndpointSecret>| {
            endpoints::rotate_secret(ctx, call.path.tenant(), call.path.1, call.body).await
        },
    );
    visitor.visit(
        Page::change(Method::POST, pages.enable.0, pages.enable.1, tag, "Enable an endpoint")
            .told("It gets what is published from now on; a replay since `missed_since` brings what it missed."),
        async |ctx: &AdminContext, call: Read<(O, EndpointId)>| {
            endpoints::enable(ctx, call.path.tenant(), call.path.1).await
        },
    );
    visitor.visit(
        Page::change(Method::POST, pages.disable.0, pages.disable.1, tag, "Disable an endpoint")
            .told("Nothing is delivered to it until it is enabled; what waits is given up."),
        async |ctx: &AdminContext, call: Sent<(O, EndpointId), endpoints::DisableEndpoint>| {
            endpoints::disable(ctx, call.path.tenant(), call.path.1, call.body).await
        },
    );
}

/// Events are delivered to them: tests, once more, and how that ended.
fn delivered<O: Place>(visitor: &mut impl AdminVisitor, pages: &Pages) {
    let tag = pages.tag;
    visitor.visit(
        Page::post(pages.test.0, pages.test.1, tag, "Send an endpoint a test event")
            .told("An event of the type `endpoint.test`, to this endpoint alone, also while it is disabled."),
        async |ctx: &AdminContext, call: Read<(O, EndpointId)>| {
            deliveries::test(ctx, call.path.tenant(), call.path.1).await
        },
    );
    visitor.visit(
        Page::post(pages.replay.0, pages.replay.1, tag, "Deliver events once more").told(
            "A span, or one event by its ID. Those that are kept yet, and whose types the endpoint gets, under the IDs that \
             they had: a receiver that has seen one knows it again.",
        ),
        async |ctx: &AdminContext, call: Sent<(O, EndpointId), replays::ReplayEvents>| {
            replays::replay(ctx, call.path.tenant(), call.path.1, call.body).await
        },
    );
    visitor.visit(
        Page::get(pages.deliveries.0, pages.deliveries.1, tag, "List an endpoint's deliveries, newest first"),
        async |ctx: &AdminContext, call: Read<(O, EndpointId), deliveries::ListDeliveries>| {
            deliveries::list(ctx, call.path.tenant(), call.path.1, call.query).await
        },
    );
    visitor.visit(
        Page::get(pages.delivery.0, pages.delivery.1, tag, "See a delivery with its tries"),
        async |ctx: &AdminContext, call: Read<(O, EndpointId, DeliveryId)>| {
            deliveries::get(ctx, call.path.tenant(), call.path.1, call.path.2).await
        },
    );
}
