//! Endpoints: a tenant's, and the ISV's own. The pages are the same for both, below one root or the other.

mod form;
mod list;
mod remove;
mod replay;
mod secret;
mod show;
mod subject;
mod switch;
mod types;

use cams_api::identifiers::CustSpaceId;

use super::deliveries;
use super::routes::Routes;

pub(super) use subject::{Subject, Whose, waiting};

/// The pages and forms below a root.
macro_rules! below {
    ($routes:expr, $root:literal, $owner:ty) => {
        $routes
            .page(concat!($root, "/endpoints"), list::show::<$owner>)
            .page(concat!($root, "/endpoints/new"), form::new::<$owner>)
            .form(concat!($root, "/endpoints/new"), form::add::<$owner>)
            .page(concat!($root, "/endpoints/{endpoint_id}"), show::show::<$owner>)
            .page(concat!($root, "/endpoints/{endpoint_id}/change"), form::standing::<$owner>)
            .form(concat!($root, "/endpoints/{endpoint_id}/change"), form::change::<$owner>)
            .page(concat!($root, "/endpoints/{endpoint_id}/rotate-secret"), secret::ask::<$owner>)
            .form(concat!($root, "/endpoints/{endpoint_id}/rotate-secret"), secret::rotate::<$owner>)
            .form(concat!($root, "/endpoints/{endpoint_id}/test"), show::test::<$owner>)
            .form(concat!($root, "/endpoints/{endpoint_id}/enable"), switch::enable::<$owner>)
            .page(concat!($root, "/endpoints/{endpoint_id}/disable"), switch::ask::<$owner>)
            .form(concat!($root, "/endpoints/{endpoint_id}/disable"), switch::disable::<$owner>)
            .page(concat!($root, "/endpoints/{endpoint_id}/remove"), remove::ask::<$owner>)
            .form(concat!($root, "/endpoints/{endpoint_id}/remove"), remove::remove::<$owner>)
            .page(concat!($root, "/endpoints/{endpoint_id}/replay"), replay::ask::<$owner>)
            .form(concat!($root, "/endpoints/{endpoint_id}/replay"), replay::replay::<$owner>)
            .page(concat!($root, "/endpoints/{endpoint_id}/deliveries"), deliveries::list::<$owner>)
            .page(concat!($root, "/endpoints/{endpoint_id}/deliveries/{delivery_id}"), deliveries::show::<$owner>)
            .form(
                concat!($root, "/endpoints/{endpoint_id}/deliveries/{delivery_id}/send-again"),
                deliveries::send_again::<$owner>,
            )
    };
}

/// All of them.
pub(super) fn routes(routes: Routes) -> Routes {
    let routes = below!(routes, "/tenants/{cust_space_id}", CustSpaceId);
    below!(routes, "", ())
}
