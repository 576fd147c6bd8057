//! Meta's own calls, passed on: what is sent and answered stays Meta's, and all around it is as for every operation. A
//! change is recorded before it is sent, and settled by its answer or its event; what an answer shows of groups, links,
//! files and templates is learned.

mod call;
mod learning;
mod media;
mod named;
mod recorded;

use graph_client::{Forward, Forwarded};
use serde_json::{Map, Value};
use tenant_store::UniqueCode;
use time::OffsetDateTime;

use super::{Context, OperationError};

pub use call::GraphCall;
pub use media::Media;

/// A call to pass on. Whose its object is was decided before.
pub struct Passing {
    /// Which.
    pub call: GraphCall,
    /// The object's ID.
    pub object: String,
    /// The account of the object, where it belongs to one.
    pub waba_id: Option<String>,
    /// Its parameters, from query and body.
    pub said: Map<String, Value>,
    /// The call itself.
    pub forward: Forward,
}

/// What Meta answered.
pub struct Passed {
    /// The answer as Meta wrote it; a refusal is one, too.
    pub answer: Forwarded,
    /// The record of the change that Meta took on.
    pub unique_code: Option<UniqueCode>,
}

impl From<Forwarded> for Passed {
    fn from(answer: Forwarded) -> Self {
        Self { answer, unique_code: None }
    }
}

/// Passes a call on.
///
/// # Errors
/// [`OperationError`] where there is no answer of Meta's.
pub async fn pass(ctx: &Context, passing: Passing) -> Result<Passed, OperationError> {
    match passing.call {
        call if call.is_recorded() => recorded::pass(ctx, passing).await,
        call if call.is_read() => exchange(ctx, passing).await,
        call => {
            if call == GraphCall::SendMessage {
                named::require_own(ctx, &passing.said).await?;
            }
            ctx.write(async move |ctx| exchange(&ctx, passing).await).await
        }
    }
}

/// The file that a media ID stands for, wherever Meta keeps it.
///
/// # Errors
/// As [`pass`].
pub async fn media_content(ctx: &Context, passing: Passing) -> Result<Media, OperationError> {
    media::content(ctx, passing.forward).await
}

/// The call and its answer, and what is learned from it.
async fn exchange(ctx: &Context, passing: Passing) -> Result<Passed, OperationError> {
    let Passing { call, object, waba_id, forward, .. } = passing;
    let asked_at = OffsetDateTime::now_utc();
    let answer = ctx.graph.forward(ctx.call().await?.call(), forward).await?;
    learning::learn(ctx, call, (&object, waba_id.as_deref()), asked_at, &answer).await?;
    Ok(answer.into())
}
