//! What a tenant has used, by the day, with the sum of all days that are shown.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use cams_api::identifiers::CustSpaceId;
use time::{Date, Duration, OffsetDateTime};

use super::error::ConsoleError;
use super::list::{Shown, download};
use super::page::{Frame, Section, html};
use super::routes::Routes;
use super::tenants::home_of;
use super::visit::Visit;
use crate::admin::tenants::{self, TenantView};
use crate::admin::usage::{self, OperationCount, UsageQuery, UsageView};
use crate::api::admin::{Call, NoBody};

/// The page and the download.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.page("/tenants/{cust_space_id}/usage", show).page("/tenants/{cust_space_id}/usage/export", export)
}

#[derive(Template)]
#[template(path = "console/usage.html")]
struct UsagePage {
    frame: Frame,
    tenant: TenantView,
    list: Shown<UsageView>,
    totals: Vec<OperationCount>,
    months: [Month; 2],
    whole: String,
}

/// A month to look at.
struct Month {
    name: String,
    first: Date,
    last: Date,
}

impl Month {
    fn of(day: Date) -> Self {
        let first = day.replace_day(1).unwrap_or(day);
        let last = first.replace_day(first.month().length(first.year())).unwrap_or(day);
        Self { name: format!("{} {}", day.month(), day.year()), first, last }
    }

    /// This month, and the one before.
    fn latest() -> [Self; 2] {
        let this = Self::of(OffsetDateTime::now_utc().date());
        let before = Self::of(this.first.checked_sub(Duration::DAY).unwrap_or(this.first));
        [this, before]
    }
}

impl UsagePage {
    fn calls(&self) -> i64 {
        self.totals.iter().map(|count| count.calls).sum()
    }

    fn errors(&self) -> i64 {
        errors(&self.totals)
    }

    fn messages(&self) -> i64 {
        self.list.rows.iter().map(|day| day.group_messages_delivered).sum()
    }
}

/// The page.
async fn show(visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = tenants::get(&visit.ctx, &visit.path).await?;
    let list = Shown::of(&visit, async |asked: UsageQuery| usage::list(&visit.ctx, &visit.path, asked).await).await?;
    let (totals, response) = (totals(&list.rows), list.response());
    let frame = visit.frame(Section::Tenants, "Usage");
    let page = UsagePage { frame, tenant, list, totals, months: Month::latest(), whole: visit.whole() };
    Ok(html(response, &page))
}

/// The same as JSON lines.
async fn export(http: HttpRequest, visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let file = format!("usage-{}.jsonl", visit.path);
    let days =
        async |ctx: &_, call: Call<CustSpaceId, UsageQuery, NoBody>| usage::list(ctx, &call.path, call.query).await;
    download(&http, visit, &file, days).await
}

/// All calls of these days, by operation and code.
fn totals(days: &[UsageView]) -> Vec<OperationCount> {
    let mut totals = BTreeMap::<_, i64>::new();
    for count in days.iter().flat_map(|day| &day.operations) {
        *totals.entry((&count.operation, &count.code)).or_default() += count.calls;
    }
    let counted = |((operation, code), calls): ((&String, &String), i64)| OperationCount {
        operation: operation.clone(),
        code: code.clone(),
        calls,
    };
    totals.into_iter().map(counted).collect()
}

fn all(counts: &[OperationCount]) -> i64 {
    counts.iter().map(|count| count.calls).sum()
}

fn errors(counts: &[OperationCount]) -> i64 {
    counts.iter().filter(|count| count.code != "OK").map(|count| count.calls).sum()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn a_month_is_all_of_its_days() {
        let month = Month::of(date!(2028 - 02 - 11));
        assert_eq!((month.first, month.last), (date!(2028 - 02 - 01), date!(2028 - 02 - 29)));
        assert_eq!(month.name, "February 2028");
    }

    #[test]
    fn the_sum_of_days_is_by_operation_and_code() {
        let count =
            |code: &str, calls| OperationCount { operation: "GetChatGroup".to_owned(), code: code.to_owned(), calls };
        let day = |operations| UsageView { day: date!(2026 - 11 - 21), operations, group_messages_delivered: 1 };
        let sum = totals(&[day(vec![count("OK", 3), count("NotFound", 1)]), day(vec![count("OK", 4)])]);
        let told: Vec<_> = sum.iter().map(|count| (count.code.as_str(), count.calls)).collect();
        assert_eq!(told, [("NotFound", 1), ("OK", 7)]);
        assert_eq!((all(&sum), errors(&sum)), (8, 1));
    }
}
