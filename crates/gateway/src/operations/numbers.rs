//! The tenant's business numbers, from the gateway's own record.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use cams_api::operations::{ListBusinessNumbers, ListedNumber, NumberList, NumberListData};

use super::{Context, OperationError};
use crate::tenants::Number;

/// A record that is older is looked up at Meta soon after it was shown.
const FRESH: Duration = Duration::from_mins(5);

/// One number, or all of the tenant's. Answered from memory, so that neither Meta nor the store can fail it.
pub(super) async fn list_numbers(ctx: &Context, _: ListBusinessNumbers) -> Result<NumberListData, OperationError> {
    // A tenant is loaded anew every minute, so nobody asks more often.
    if ctx.tenant.see_records() {
        ask_for_fresh_records(ctx);
    }
    let numbers = ctx.number.as_ref().map_or(&ctx.tenant.numbers[..], std::slice::from_ref);
    Ok(NumberListData { data: NumberList { list: numbers.iter().map(shown).collect() } })
}

/// Behind the call's back: whoever calls next sees what is asked for now.
fn ask_for_fresh_records(ctx: &Context) {
    let (services, tenant) = (ctx.services.clone(), ctx.tenant.clone());
    rt::spawn(async move {
        let space = services.store.space(tenant.cust_space_id.as_str());
        if let Err(error) = space.request_number_records(FRESH).await {
            tracing::debug!(%error, "what is recorded of numbers could not be asked to be refreshed");
        }
    });
}

fn shown(number: &Arc<Number>) -> ListedNumber {
    let record = &number.record;
    ListedNumber {
        business_number: number.business_number.clone(),
        phone_number_id: record.phone_number_id.clone(),
        waba_id: record.waba_id.clone(),
        verified_name: record.verified_name.clone(),
        quality_rating: record.quality_rating.clone(),
        status: record.status.clone(),
        groups_eligible: record.groups_eligible,
        groups_ineligible_reason: record.groups_ineligible_reason.clone(),
    }
}
