//! Files that Meta keeps, fetched by their ID. Meta's address of a file never leaves the gateway, so that nobody can make
//! it fetch another.

use graph_client::{Effect, Forward, Forwarded, GraphError, MediaContent, Unreadable};
use serde::Deserialize;
use url::Url;

use crate::limits::Taken;
use crate::operations::{Context, OperationError};

/// What became of fetching a file.
pub enum Media {
    /// It comes, and is in flight towards Meta until the second is dropped.
    Content(MediaContent, Taken),
    /// Meta refused to say where it is.
    Refused(Forwarded),
}

#[derive(Deserialize)]
struct Info {
    url: String,
}

/// Asks where the file is, and fetches it from there.
pub(super) async fn content(ctx: &Context, info: Forward) -> Result<Media, OperationError> {
    let answer = ctx.graph.forward(ctx.call().await?.call(), info).await?;
    let address = match answer.read_as::<Info>() {
        Ok(info) => Url::parse(&info.body.url).map_err(|_| no_address())?,
        Err(GraphError::Refused(_)) => return Ok(Media::Refused(answer)),
        Err(error) => return Err(error.into()),
    };
    let outgoing = ctx.call().await?;
    let token = outgoing.call().token;
    match ctx.graph.media_content(token, ctx.deadline, &address).await {
        Ok(content) => Ok(Media::Content(content, outgoing.into_taken())),
        Err(error) => {
            if let GraphError::Unreadable { why: Unreadable::Redirect { to }, effect: Effect::Read, .. } = &error {
                tracing::warn!(host = to, "a file was not fetched: Meta named a host that is not known to be its own");
            }
            Err(error.into())
        }
    }
}

fn no_address() -> GraphError {
    let why = Unreadable::Shape("`url` is no address".to_owned());
    GraphError::unreadable(why)
}
