//! What is done with a call once its face has read it: the same for every face.

use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use actix_web::HttpRequest;
use cams_api::signatures::SignedCall;
use cams_api::wait::WaitSeconds;
use cams_api::{Class, Operation};
use graph_client::Acted;
use tokio::time::{Instant, timeout_at};

use super::admission::Admitted;
use super::render::{learn, trace};
use super::{ApiError, Worker};
use crate::operations::{Context, Keyed, OperationError, Reply, once};

/// A call as its face read it.
pub(super) struct Asked<'a, O> {
    /// What is asked for.
    pub request: O,
    /// Under which idempotency key.
    pub keyed: Option<Keyed>,
    /// When the caller's time is over.
    pub deadline: Option<Instant>,
    /// How long a caller who does not say waits for Meta's confirmation.
    pub default_wait: WaitSeconds,
    /// Whose nonce is good once, where the request itself is signed.
    pub signed: Option<&'a SignedCall>,
}

/// Does it, where the caller may have it done.
///
/// # Errors
/// [`ApiError`]
pub(super) async fn perform<O: Operation>(
    http: &HttpRequest,
    worker: &Worker,
    admitted: &Admitted,
    asked: Asked<'_, O>,
    run: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + 'static,
) -> Result<Reply<O::Answer>, ApiError> {
    let Asked { request, keyed, deadline, default_wait, signed } = asked;
    let tenant = request.cust_space_id();
    admitted.caller().authorize(O::SCOPE, O::NAME, tenant.as_str()).map_err(OperationError::from)?;
    learn(http, |learned| learned.cust_space_id = Some(tenant.clone()));

    let tenant = worker.services.tenant(tenant, request.group_id()).await.map_err(OperationError::from)?;
    let class = Class::of(O::SCOPE);
    if let Some(call) = signed {
        admitted.expect_unspent(&worker.authenticator.nonces, call)?;
    }
    let taken = Rc::new(admitted.count(http, class, &tenant).await?);
    // It costs a statement, so that a call which is refused without one spends none, and can be sent again as it is.
    if let Some(SignedCall { access_key_id, nonce, .. }) = signed {
        Box::pin(worker.authenticator.nonces.spend(access_key_id, nonce)).await?;
    }
    let number = request.business_number().map(|number| tenant.number(number)).transpose();
    let number = number.map_err(OperationError::from)?.cloned();
    learn(http, |learned| learned.counted.number = number.as_ref().map(|number| number.allowance.clone()));
    let context = worker.context(tenant, number, class, taken);
    let context = Context { deadline, repeat_until: deadline, default_wait, trace: trace(http), ..context };
    // Where it is, so that it is not copied to where it is waited for.
    let operation = pin!(once(&context, keyed, request, run));
    Ok(match deadline {
        None => operation.await?,
        Some(deadline) => in_time(deadline, O::IS_CHANGE, operation).await?,
    })
}

/// The operation, or that the caller's time is over. A little grace lets the operation itself say so, which knows more.
async fn in_time<T>(
    deadline: Instant,
    is_change: bool,
    operation: impl Future<Output = Result<T, OperationError>>,
) -> Result<T, OperationError> {
    const GRACE: Duration = Duration::from_millis(50);
    let acted = if is_change { Acted::Unknown } else { Acted::No };
    timeout_at(deadline + GRACE, operation).await.unwrap_or(Err(OperationError::late(acted)))
}
