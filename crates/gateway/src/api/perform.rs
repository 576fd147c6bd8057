//! What is done with a call once its face has read it: the same for every face.

use std::rc::Rc;
use std::time::Duration;

use actix_web::HttpRequest;
use cams_api::Operation;
use cams_api::wait::WaitSeconds;
use graph_client::Acted;
use tokio::time::{Instant, timeout_at};

use super::admission::count_tenant;
use super::render::learn;
use super::{ApiError, Worker};
use crate::auth::Caller;
use crate::operations::{Context, Keyed, OperationError, Reply, once};

/// A call as its face read it.
pub(super) struct Asked<O> {
    /// What is asked for.
    pub request: O,
    /// Under which idempotency key.
    pub keyed: Option<Keyed>,
    /// When the caller's time is over.
    pub deadline: Option<Instant>,
    /// How long a caller who does not say waits for Meta's confirmation.
    pub default_wait: WaitSeconds,
}

/// Does it, where the caller may have it done.
///
/// # Errors
/// [`ApiError`]
pub(super) async fn perform<O: Operation>(
    http: &HttpRequest,
    worker: &Worker,
    caller: &Caller,
    asked: Asked<O>,
    run: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + 'static,
) -> Result<Reply<O::Answer>, ApiError> {
    let Asked { request, keyed, deadline, default_wait } = asked;
    let tenant = request.cust_space_id();
    caller.authorize(O::SCOPE, O::NAME, tenant.as_str()).map_err(OperationError::from)?;
    learn(http, |learned| learned.cust_space_id = Some(tenant.as_str().to_owned()));

    let tenant = worker.services.resolver.tenant(tenant).await.map_err(OperationError::from)?;
    let seat = Rc::new(count_tenant(http, &tenant)?);
    let number = request.business_number().map(|number| tenant.number(number)).transpose();
    let number = number.map_err(OperationError::from)?.cloned();
    learn(http, |learned| learned.counted.number = number.as_ref().and_then(|number| number.limiter.clone()));
    let context = Context { deadline, default_wait, ..worker.context(tenant, number, seat) };
    Ok(in_time(deadline, O::IS_CHANGE, once(&context, keyed, request, run)).await?)
}

/// The operation, or that the caller's time is over. A little grace lets the operation itself say so, which knows more.
async fn in_time<T>(
    deadline: Option<Instant>,
    is_change: bool,
    operation: impl Future<Output = Result<T, OperationError>>,
) -> Result<T, OperationError> {
    const GRACE: Duration = Duration::from_millis(50);
    let Some(deadline) = deadline else { return operation.await };
    let acted = if is_change { Acted::Unknown } else { Acted::No };
    timeout_at(deadline + GRACE, operation).await.unwrap_or(Err(OperationError::late(acted)))
}
