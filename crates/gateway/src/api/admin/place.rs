//! What the paths of calls name: one thing, or one inside another.

use std::str::FromStr;

use cams_api::events::EventId;
use cams_api::identifiers::{BusinessNumber, CustSpaceId, GroupId};
use tenant_store::{DeliveryId, EndpointId, IssuerId, OnboardingStep};
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::admin::keys::AccessKeyId;

/// A parameter of a path: its name, what it is, and one that the demo has, where that is known beforehand.
pub(crate) type PathParameter = (&'static str, &'static str, Option<&'static str>);

/// What a path names. A tuple is a path with what all of its parts name.
pub(crate) trait Place: Sized + 'static {
    /// Its parameters, in the order of the path.
    fn names() -> Vec<PathParameter>;

    /// What the path names; `None` for what can name nothing.
    fn name(parameter: &impl Fn(&str) -> Option<String>) -> Option<Self>;

    /// The tenant that it names.
    fn tenant(&self) -> Option<&CustSpaceId> {
        None
    }

    /// As the document has it.
    fn parameters() -> Vec<Parameter> {
        let text = || ObjectBuilder::new().schema_type(Type::String).build();
        let written = |(name, about, example): PathParameter| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some(about))
                .schema(Some(text()))
                .example(example.map(Into::into))
                .build()
        };
        Self::names().into_iter().map(written).collect()
    }
}

impl Place for () {
    fn names() -> Vec<PathParameter> {
        Vec::new()
    }

    fn name(_: &impl Fn(&str) -> Option<String>) -> Option<Self> {
        Some(())
    }
}

impl<A: Place, B: Place> Place for (A, B) {
    fn names() -> Vec<PathParameter> {
        [A::names(), B::names()].concat()
    }

    fn name(parameter: &impl Fn(&str) -> Option<String>) -> Option<Self> {
        Some((A::name(parameter)?, B::name(parameter)?))
    }

    fn tenant(&self) -> Option<&CustSpaceId> {
        self.0.tenant().or(self.1.tenant())
    }
}

impl<A: Place, B: Place, C: Place> Place for (A, B, C) {
    fn names() -> Vec<PathParameter> {
        [A::names(), B::names(), C::names()].concat()
    }

    fn name(parameter: &impl Fn(&str) -> Option<String>) -> Option<Self> {
        Some((A::name(parameter)?, B::name(parameter)?, C::name(parameter)?))
    }

    fn tenant(&self) -> Option<&CustSpaceId> {
        self.0.tenant().or(self.1.tenant()).or(self.2.tenant())
    }
}

impl Place for CustSpaceId {
    fn names() -> Vec<PathParameter> {
        vec![("cust_space_id", "The tenant's public ID, such as `cams-demo1`.", Some("cams-demo1"))]
    }

    fn name(parameter: &impl Fn(&str) -> Option<String>) -> Option<Self> {
        parsed(parameter("cust_space_id"))
    }

    fn tenant(&self) -> Option<&CustSpaceId> {
        Some(self)
    }
}

/// Things that are named by one parameter, and are no tenant.
macro_rules! named_by {
    ($($kind:ty, $name:literal, $about:literal, $example:expr;)*) => {$(
        impl Place for $kind {
            fn names() -> Vec<PathParameter> {
                vec![($name, $about, $example)]
            }

            fn name(parameter: &impl Fn(&str) -> Option<String>) -> Option<Self> {
                parsed(parameter($name))
            }
        }
    )*};
}

named_by! {
    BusinessNumber, "business_number", "International digits, without `+`.", Some("15550000001");
    GroupId, "group_id", "Meta's ID of the group, as the list has it.", None;
    EventId, "event_id", "The event's ID: `evt_` and 32 hex digits.", None;
    EndpointId, "endpoint_id", "The endpoint's ID: `ep_` and 32 hex digits.", None;
    DeliveryId, "delivery_id", "The delivery's ID: `dlv_` and 32 hex digits.", None;
    IssuerId, "issuer_id", "The issuer's ID: `iss_` and 32 hex digits.", None;
    OnboardingStep, "step", "`token`, `permissions`, `numbers`, `subscription` or `eligibility`.", Some("eligibility");
    AccessKeyId, "access_key_id", "The key's `AccessKeyId`.", Some("LTAI5tDemoTenant00000001");
}

fn parsed<T: FromStr>(text: Option<String>) -> Option<T> {
    text?.parse().ok()
}
