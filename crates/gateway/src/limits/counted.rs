//! What a call was counted against, and the headers of its answer that tell what is left:
//! `RateLimit-Policy` and `RateLimit` of [draft-ietf-httpapi-ratelimit-headers][draft].
//!
//! [draft]: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use cams_api::whoami::LimitInfo;
use tenant_store::Rate;

use super::throttled::seconds;
use super::{Limiter, Standing, TenantLimits};

static RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The limits that a call was counted against, as far as they were known when it ended.
#[derive(Debug, Default)]
pub struct Counted {
    /// The access key's.
    pub key: Option<Arc<Limiter>>,
    /// The tenant's.
    pub tenant: Option<Arc<TenantLimits>>,
    /// The number's, towards Meta.
    pub number: Option<Arc<Limiter>>,
}

impl Counted {
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
            (None, Some(key)) => policy(key.rate(), Rate::Off),
            (None, None) => None,
        }
    }

    fn tightest(&self) -> Option<HeaderValue> {
        let key = self.key.as_ref().map(|limiter| ("key", limiter.look()));
        let calls = self.tenant.as_ref().and_then(|tenant| tenant.calls.as_ref());
        let tenant = calls.map(|limiter| ("tenant", limiter.look()));
        let (name, left) = tighter(key, tenant)?;
        // Calls that the number has no budget for do not get through either, so they are not promised.
        let number = self.number.as_ref().map(|limiter| limiter.look());
        written(name, number.filter(|number| number.remaining < left.remaining).unwrap_or(left))
    }
}

/// A limit as its holder is told of it.
pub fn describe(limiter: Option<&Limiter>) -> LimitInfo {
    let left = limiter.map(Limiter::look);
    LimitInfo {
        rate: limiter.map_or(Rate::Off, Limiter::rate).to_string(),
        remaining: left.map(|left| left.remaining),
        full_in_seconds: left.map(|left| seconds(left.full_in)),
    }
}

type Named = (&'static str, Standing);

fn tighter(one: Option<Named>, other: Option<Named>) -> Option<Named> {
    let tightness = |(_, left): &Named| (left.remaining, std::cmp::Reverse(left.full_in));
    one.into_iter().chain(other).min_by_key(tightness)
}

/// Such as `"key";r=150;t=1`.
fn written(name: &str, Standing { remaining, full_in }: Standing) -> Option<HeaderValue> {
    // A name, and two numbers of ten digits at the most, since a burst has seven and a wait is in seconds.
    let mut buffer = [0; 64];
    let mut rest = &mut buffer[..];
    write!(rest, "\"{name}\";r={remaining};t={}", seconds(full_in)).ok()?;
    let free = rest.len();
    HeaderValue::from_bytes(&buffer[..buffer.len() - free]).ok()
}

/// Such as `"key";q=200;w=2, "tenant";q=200;w=2`; `None` where neither is limited.
pub(super) fn policy(per_key: Rate, per_tenant: Rate) -> Option<HeaderValue> {
    let parts = [("key", per_key), ("tenant", per_tenant)];
    let parts: Vec<String> = parts.into_iter().filter_map(|(name, rate)| one_policy(name, rate)).collect();
    if parts.is_empty() { None } else { HeaderValue::try_from(parts.join(", ")).ok() }
}

/// The burst, and in how many seconds it is there again.
fn one_policy(name: &str, rate: Rate) -> Option<String> {
    let Rate::Limited { calls, per, burst } = rate else { return None };
    let window = u64::from(burst.get()) * per.duration().as_secs();
    let window = Duration::from_secs(window) / calls.get();
    Some(format!("\"{name}\";q={burst};w={}", seconds(window)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::http::header::HeaderMap;
    use tenant_store::{Limits, Rate};

    use super::{Counted, policy};
    use crate::limits::{DefaultRates, Limiter, TenantLimits};

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    fn counted(per_key: &str, per_tenant: &str, per_number: &str) -> Counted {
        let defaults =
            DefaultRates { per_key: rate(per_key), per_tenant: rate(per_tenant), per_number: rate(per_number) };
        let tenant = TenantLimits::new(&Limits::default(), &defaults, None);
        let key = Limiter::keep(None, defaults.per_key);
        Counted { key, number: tenant.number(None), tenant: Some(Arc::new(tenant)) }
    }

    fn headers(counted: &Counted) -> (Option<String>, Option<String>) {
        let mut headers = HeaderMap::new();
        counted.describe(&mut headers);
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        (text("ratelimit-policy"), text("ratelimit"))
    }

    #[test]
    fn a_policy_is_the_burst_and_in_how_many_seconds_it_is_there_again() {
        let written = |key, tenant| policy(rate(key), rate(tenant)).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(
            written("100/s;burst=200", "100/s;burst=200").as_deref(),
            Some(r#""key";q=200;w=2, "tenant";q=200;w=2"#)
        );
        assert_eq!(written("20/m", "3/s;burst=10").as_deref(), Some(r#""key";q=20;w=60, "tenant";q=10;w=4"#));
        assert_eq!(written("off", "1/h;burst=2").as_deref(), Some(r#""tenant";q=2;w=7200"#));
        assert_eq!(written("5/s", "off").as_deref(), Some(r#""key";q=5;w=1"#));
        assert_eq!(written("off", "off"), None);
    }

    #[test]
    fn the_tightest_limit_is_told() {
        let counted = counted("1/h;burst=5", "1/h;burst=3", "off");
        assert_eq!(headers(&counted).1.as_deref(), Some(r#""tenant";r=3;t=0"#));
        (0..3).for_each(|_| counted.key.as_ref().unwrap().take().unwrap());
        assert_eq!(headers(&counted).1.as_deref(), Some(r#""key";r=2;t=10800"#));
    }

    #[test]
    fn no_more_is_promised_than_the_number_has() {
        let counted = counted("1/h;burst=5", "1/h;burst=3", "1/h;burst=2");
        assert_eq!(headers(&counted).1.as_deref(), Some(r#""tenant";r=2;t=0"#));
        counted.number.as_ref().unwrap().take().unwrap();
        assert_eq!(headers(&counted).1.as_deref(), Some(r#""tenant";r=1;t=3600"#));
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
