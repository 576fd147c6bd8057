//! What a call was counted against, and the headers of its answer that tell what is left:
//! `RateLimit-Policy` and `RateLimit` of [draft-ietf-httpapi-ratelimit-headers][draft].
//!
//! [draft]: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use cams_api::Class;
use cams_api::whoami::{LimitInfo, LimitsInfo};
use tenant_store::{Limit, PerClass, Rate};

use super::allowance::{CLASSES, NO_LIMITS, name};
use super::limiter::quota;
use super::taking::{Told, tightness};
use super::throttled::seconds;
use super::{Allowance, Holder, Standing, Taken, TenantLimits};

static RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The limits that a call is counted against, as far as they were known when it ended.
#[derive(Debug, Default)]
pub struct Counted {
    /// Of which class the call is.
    pub class: Option<Class>,
    /// The access key's.
    pub key: Option<Arc<Allowance>>,
    /// The tenant's.
    pub tenant: Option<Arc<TenantLimits>>,
    /// The number's, towards Meta.
    pub number: Option<Arc<Allowance>>,
    /// What was left to key and tenant right after the call was counted.
    left: Option<Told>,
}

impl Counted {
    /// The call was counted. What comes back until it is answered is not promised: only who counts for all replicas knows
    /// whether it was used there.
    pub fn taken(&mut self, taken: &Taken) {
        self.left = taken.tightest();
    }

    /// Tells the policies, and what is left of the tightest.
    pub fn describe(&self, headers: &mut HeaderMap) {
        if let Some(policy) = self.policy() {
            headers.insert(RATE_LIMIT_POLICY.clone(), policy);
        }
        if let Some(left) = self.tightest() {
            headers.insert(RATE_LIMIT.clone(), left);
        }
    }

    fn policy(&self) -> Option<HeaderValue> {
        match (&self.tenant, &self.key) {
            (Some(tenant), _) => tenant.policy.clone(),
            (None, Some(key)) => policy(&CLASSES.map(|class| key.limit(class)), &NO_LIMITS),
            (None, None) => None,
        }
    }

    /// What is left to calls of this call's class.
    fn tightest(&self) -> Option<HeaderValue> {
        let tenant = self.tenant.as_ref().map(|tenant| &tenant.calls);
        let told = self.key.as_deref().into_iter().chain(tenant).flat_map(|allowance| allowance.of(self.class));
        let now = Instant::now();
        let told = told.map(|bucket| (bucket.name(), bucket.look_at(now))).chain(self.left);
        let (name, left) = told.min_by_key(tightness)?;
        // Calls that the number has no budget for do not get through either, so they are not promised.
        let number = self.number.as_deref().into_iter().flat_map(|number| number.of(self.class));
        let number = number.map(|bucket| ("", bucket.look_at(now))).min_by_key(tightness).map(|(_, left)| left);
        written(name, number.filter(|number| number.remaining < left.remaining).unwrap_or(left))
    }
}

/// What a key may use, as its holder is told of it.
pub fn describe(key: &Allowance) -> LimitsInfo {
    let is_told = |class: Option<Class>| key.limit(class) != Limit::OFF;
    let of_class = |class: Class| is_told(Some(class)).then(|| describe_one(key, Some(class)));
    LimitsInfo {
        per_key: describe_one(key, None),
        per_key_read: of_class(Class::Read),
        per_key_write: of_class(Class::Write),
        per_key_message: of_class(Class::Message),
    }
}

fn describe_one(key: &Allowance, class: Option<Class>) -> LimitInfo {
    let (limit, left) = (key.limit(class), key.look(class));
    LimitInfo {
        rate: limit.rate.to_string(),
        remaining: left.map(|left| left.remaining),
        full_in_seconds: left.map(|left| seconds(left.full_in)),
        in_flight: limit.in_flight.map(NonZeroU32::get),
    }
}

/// Such as `"key";r=150;t=1`.
fn written(name: &str, Standing { remaining, full_in }: Standing) -> Option<HeaderValue> {
    let (mut left, mut wait) = (itoa::Buffer::new(), itoa::Buffer::new());
    let parts = ["\"", name, "\";r=", left.format(remaining), ";t=", wait.format(seconds(full_in))];
    HeaderValue::try_from(parts.concat()).ok()
}

/// Such as `"key";q=200;w=2, "tenant";q=200;w=2, "tenant-write";q=20;w=2`; `None` where nothing is limited.
pub(super) fn policy(per_key: &PerClass<Limit>, per_tenant: &PerClass<Limit>) -> Option<HeaderValue> {
    let of_key = CLASSES.zip(*per_key).map(|(class, limit)| (name(Holder::Key, class), limit.rate));
    let of_tenant = CLASSES.zip(*per_tenant).map(|(class, limit)| (name(Holder::Tenant, class), limit.rate));
    let parts = of_key.into_iter().chain(of_tenant);
    let parts: Vec<String> = parts.filter_map(|(name, rate)| one_policy(name, rate)).collect();
    if parts.is_empty() { None } else { HeaderValue::try_from(parts.join(", ")).ok() }
}

/// The burst, and in how many seconds it is there again: as it is counted, which may be less than what was asked for.
fn one_policy(name: &str, rate: Rate) -> Option<String> {
    let quota = quota(rate)?;
    Some(format!("\"{name}\";q={};w={}", quota.burst_size(), seconds(quota.burst_size_replenished_in())))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use actix_web::http::header::HeaderMap;
    use cams_api::Class;
    use tenant_store::{Limit, Limits, PerClass};

    use super::super::allowance::NO_LIMITS;
    use super::{Counted, policy};
    use crate::limits::{Allowance, DefaultLimits, Holder, Standing, TenantLimits};

    fn limits(all: &str) -> PerClass<Limit> {
        PerClass { all: all.parse().unwrap(), ..NO_LIMITS }
    }

    fn with_writes(limits: PerClass<Limit>, write: &str) -> PerClass<Limit> {
        PerClass { write: write.parse().unwrap(), ..limits }
    }

    fn counted_by(defaults: &DefaultLimits) -> Counted {
        let tenant = TenantLimits::new("cams-x", &Limits::default(), defaults, None);
        let key = Some(Arc::new(Allowance::new(Holder::Key, "key", &defaults.per_key, None)));
        let number = Some(Arc::new(tenant.number("1", None)));
        Counted { class: Some(Class::Write), key, number, tenant: Some(Arc::new(tenant)), left: None }
    }

    fn counted(per_key: &str, per_tenant: &str, per_number: &str) -> Counted {
        let (per_key, per_tenant, per_number) = (limits(per_key), limits(per_tenant), limits(per_number));
        counted_by(&DefaultLimits { per_key, per_tenant, per_number })
    }

    fn take(allowance: &Allowance, class: Class) {
        allowance.of(Some(class)).for_each(|bucket| bucket.limiter.take().unwrap());
    }

    fn headers(counted: &Counted) -> (Option<String>, Option<String>) {
        let mut headers = HeaderMap::new();
        counted.describe(&mut headers);
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        (text("ratelimit-policy"), text("ratelimit"))
    }

    #[test]
    fn a_policy_is_the_burst_and_in_how_many_seconds_it_is_there_again() {
        let written =
            |key, tenant| policy(&limits(key), &limits(tenant)).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(
            written("100/s;burst=200", "100/s;burst=200").as_deref(),
            Some(r#""key";q=200;w=2, "tenant";q=200;w=2"#)
        );
        assert_eq!(written("20/m", "3/s;burst=10").as_deref(), Some(r#""key";q=20;w=60, "tenant";q=10;w=4"#));
        assert_eq!(written("off", "1/h;burst=2").as_deref(), Some(r#""tenant";q=2;w=7200"#));
        assert_eq!(written("5/s", "off").as_deref(), Some(r#""key";q=5;w=1"#));
        assert_eq!(written("off", "1/h;burst=9999999").as_deref(), Some(r#""tenant";q=640511;w=2305839600"#));
        assert_eq!(written("off", "off"), None);
    }

    #[test]
    fn the_tightest_limit_is_told() {
        let counted = counted("1/h;burst=5", "1/h;burst=3", "off");
        assert_eq!(headers(&counted).1.as_deref(), Some(r#""tenant";r=3;t=0"#));
        (0..3).for_each(|_| take(counted.key.as_ref().unwrap(), Class::Write));
        assert_eq!(headers(&counted).1.as_deref(), Some(r#""key";r=2;t=10800"#));
    }

    #[test]
    fn no_more_is_promised_than_the_number_has() {
        let counted = counted("1/h;burst=5", "1/h;burst=3", "1/h;burst=2");
        assert_eq!(headers(&counted).1.as_deref(), Some(r#""tenant";r=2;t=0"#));
        take(counted.number.as_ref().unwrap(), Class::Write);
        assert_eq!(headers(&counted).1.as_deref(), Some(r#""tenant";r=1;t=3600"#));
    }

    #[test]
    fn a_class_that_has_a_limit_of_its_own_has_its_own_policy_and_is_told_to_its_calls_where_it_is_the_tightest() {
        let per_key = with_writes(limits("1/h;burst=5"), "1/h;burst=4");
        let per_tenant = with_writes(limits("1/h;burst=9"), "1/h;burst=2");
        let mut counted = counted_by(&DefaultLimits { per_key, per_tenant, per_number: limits("off") });
        let expected = r#""key";q=5;w=18000, "key-write";q=4;w=14400, "tenant";q=9;w=32400, "tenant-write";q=2;w=7200"#;
        let told = |left: &str| (Some(expected.to_owned()), Some(left.to_owned()));
        assert_eq!(headers(&counted), told(r#""tenant-write";r=2;t=0"#));
        take(&counted.tenant.as_ref().unwrap().calls, Class::Write);
        assert_eq!(headers(&counted), told(r#""tenant-write";r=1;t=3600"#));
        counted.class = Some(Class::Read);
        assert_eq!(headers(&counted), told(r#""key";r=5;t=0"#));
    }

    #[test]
    fn no_more_is_promised_than_the_number_has_for_calls_of_the_class() {
        let per_number = with_writes(limits("1/h;burst=8"), "1/h;burst=1");
        let mut counted =
            counted_by(&DefaultLimits { per_key: limits("1/h;burst=5"), per_tenant: limits("off"), per_number });
        assert_eq!(headers(&counted).1.as_deref(), Some(r#""key";r=1;t=0"#));
        counted.class = Some(Class::Read);
        assert_eq!(headers(&counted).1.as_deref(), Some(r#""key";r=5;t=0"#));
    }

    #[test]
    fn what_comes_back_while_the_call_is_done_is_not_promised() {
        let mut counted = counted("100/s;burst=200", "100/s;burst=200", "off");
        counted.left = Some(("tenant", Standing { remaining: 7, full_in: Duration::from_secs(2) }));
        assert_eq!(headers(&counted).1.as_deref(), Some(r#""tenant";r=7;t=2"#));
    }

    #[test]
    fn what_calls_that_are_being_read_will_take_is_not_promised() {
        let counted = counted("1/h;burst=3", "off", "off");
        let key = counted.key.as_ref().unwrap();
        let mut reading = vec![key.reserve(Some(Class::Write)).ok().unwrap()];
        assert_eq!(headers(&counted).1.as_deref(), Some(r#""key";r=2;t=3600"#));
        reading.extend((0..2).map(|_| key.reserve(Some(Class::Write)).ok().unwrap()));
        assert!(key.reserve(Some(Class::Write)).is_err());
        assert_eq!(headers(&counted).1.as_deref(), Some(r#""key";r=0;t=10800"#), "as it is told with the refusal");
        drop(reading);
        assert_eq!(headers(&counted).1.as_deref(), Some(r#""key";r=3;t=0"#));
    }

    #[test]
    fn before_the_tenant_is_known_the_keys_limit_is_told_alone() {
        let counted = Counted { tenant: None, number: None, ..counted("5/s", "3/s", "1/s") };
        assert_eq!(headers(&counted), (Some(r#""key";q=5;w=1"#.to_owned()), Some(r#""key";r=5;t=0"#.to_owned())));
    }

    #[test]
    fn without_limits_nothing_is_told() {
        assert_eq!(headers(&Counted::default()), (None, None));
        assert_eq!(headers(&counted("off", "off", "5/s")), (None, None));
    }
}
