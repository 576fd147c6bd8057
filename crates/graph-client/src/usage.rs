//! How much of its quota Meta says has been used ([Meta: rate limits][limits]).
//!
//! The headers come only after enough calls. What cannot be read is as if it were absent: a call
//! does not fail for the sake of a statistic.
//!
//! [limits]: https://developers.facebook.com/docs/graph-api/overview/rate-limiting

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    headers::{Header, Headers},
    lenient,
};

/// What an answer's headers say about quotas; empty for most answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// `X-App-Usage`: the whole app's.
    pub app: Option<AppUsage>,
    /// `X-Business-Use-Case-Usage`: one for each business object and use case.
    pub business: Option<Vec<BusinessUsage>>,
    /// `Retry-After`, where it is a number of seconds and not 0, which names no time.
    pub told_wait: Option<Duration>,
}

/// Percentages of what an app may use in a rolling hour. 100 means throttled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AppUsage {
    /// Of the number of calls.
    #[serde(deserialize_with = "lenient::integer")]
    pub call_count: Option<i64>,
    /// Of the time.
    #[serde(deserialize_with = "lenient::integer")]
    pub total_time: Option<i64>,
    /// Of the CPU time.
    #[serde(deserialize_with = "lenient::integer")]
    pub total_cputime: Option<i64>,
}

/// Percentages of what one business object may use for one use case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BusinessUsage {
    /// The object's ID, such as a WABA's.
    #[serde(skip)]
    pub id: String,
    /// The use case.
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub use_case: Option<String>,
    /// Of the number of calls.
    #[serde(deserialize_with = "lenient::integer")]
    pub call_count: Option<i64>,
    /// Of the time.
    #[serde(deserialize_with = "lenient::integer")]
    pub total_time: Option<i64>,
    /// Of the CPU time.
    #[serde(deserialize_with = "lenient::integer")]
    pub total_cputime: Option<i64>,
    /// Minutes until calls go through again; 0 while they do.
    #[serde(deserialize_with = "lenient::integer")]
    pub estimated_time_to_regain_access: Option<i64>,
}

impl Usage {
    pub(crate) fn of(headers: &dyn Headers) -> Self {
        Self {
            app: json(headers, Header::AppUsage),
            business: json(headers, Header::BusinessUsage).map(flatten),
            told_wait: json::<u64>(headers, Header::RetryAfter).filter(|seconds| *seconds > 0).map(Duration::from_secs),
        }
    }

    /// How long Meta says to wait before calls go through again, where it says so.
    pub fn retry_after(&self) -> Option<Duration> {
        let regained = self.business.iter().flatten().filter_map(BusinessUsage::regained_after).max();
        regained.max(self.told_wait)
    }
}

impl BusinessUsage {
    /// How long Meta takes no calls for this use case, where it says so.
    pub fn regained_after(&self) -> Option<Duration> {
        let minutes = u64::try_from(self.estimated_time_to_regain_access?).ok()?;
        (minutes > 0).then(|| Duration::from_secs(minutes.saturating_mul(60)))
    }
}

fn json<T: DeserializeOwned>(headers: &dyn Headers, header: Header) -> Option<T> {
    serde_json::from_slice(headers.value(header)?).ok()
}

fn flatten(by_id: BTreeMap<String, Vec<BusinessUsage>>) -> Vec<BusinessUsage> {
    by_id
        .into_iter()
        .flat_map(|(id, usages)| usages.into_iter().map(move |usage| BusinessUsage { id: id.clone(), ..usage }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use awc::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};

    const APP: HeaderName = HeaderName::from_static(Header::AppUsage.name());
    const BUSINESS: HeaderName = HeaderName::from_static(Header::BusinessUsage.name());

    fn usage(app: &'static str, business: &'static str) -> Usage {
        let mut headers = HeaderMap::new();
        headers.insert(APP, HeaderValue::from_static(app));
        headers.insert(BUSINESS, HeaderValue::from_static(business));
        Usage::of(&headers)
    }

    #[test]
    fn absent_headers_say_nothing() {
        assert_eq!(Usage::of(&HeaderMap::new()), Usage::default());
    }

    #[test]
    fn both_headers_are_read_as_meta_prints_them() {
        let usage = usage(
            r#"{"call_count":28,"total_time":25,"total_cputime":24}"#,
            r#"{"102":[{"type":"messages","call_count":100,"total_cputime":25,"total_time":26,"estimated_time_to_regain_access":19}]}"#,
        );
        assert_eq!(usage.app.unwrap().call_count, Some(28));
        let business = &usage.business.as_ref().unwrap()[0];
        assert_eq!((business.id.as_str(), business.use_case.as_deref()), ("102", Some("messages")));
        assert_eq!((business.call_count, business.total_time), (Some(100), Some(26)));
        assert_eq!(usage.retry_after(), Some(Duration::from_mins(19)));
    }

    #[test]
    fn of_two_times_to_wait_the_longer_holds() {
        for (minutes, seconds, wait) in [(1, "5", Some(60)), (0, "5", Some(5)), (0, "0", None), (0, "soon", None)] {
            let business = format!(r#"{{"1":[{{"estimated_time_to_regain_access":{minutes}}}]}}"#);
            let mut headers = HeaderMap::new();
            headers.insert(BUSINESS, HeaderValue::from_str(&business).unwrap());
            headers.insert(RETRY_AFTER, HeaderValue::from_static(seconds));
            assert_eq!(Usage::of(&headers).retry_after(), wait.map(Duration::from_secs), "{minutes} {seconds}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_absent() {
        for (app, business) in [("", "[]"), ("{", "null"), ("28", r#"{"1":{}}"#)] {
            assert_eq!(usage(app, business), Usage::default(), "{app} {business}");
        }
    }

    #[test]
    fn nothing_is_to_be_waited_for_while_calls_go_through() {
        for minutes in ["0", "-1", "\"x\""] {
            let value = format!(r#"{{"1":[{{"estimated_time_to_regain_access":{minutes}}}]}}"#);
            let mut headers = HeaderMap::new();
            headers.insert(BUSINESS, HeaderValue::from_str(&value).unwrap());
            assert_eq!(Usage::of(&headers).retry_after(), None);
        }
    }
}
