//! A group's settings: its name, what it is for, its picture.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cams_api::Operation;
use cams_api::operations::{GroupUpdated, UpdateChatGroup};
use cams_api::parameters::ParameterError;
use cams_api::picture::ProfilePictureFile;
use cams_api::text::{Description, Subject};
use graph_client::NewSettings;
use serde_json::{Value, json};
use tenant_store::{Change, ChangeStatus};

use super::{Context, OperationError, changes, outcomes};
use crate::picture::from_parameter;

/// Asks Meta to change what is given, and waits for it as long as the caller wants. The picture is fetched and looked at
/// before anything is recorded or sent, and not at all where an earlier call under the same idempotency key has sent it.
pub(super) async fn update_group(ctx: &Context, mut request: UpdateChatGroup) -> Result<GroupUpdated, OperationError> {
    require_one(&request)?;
    let group_id = ctx.own_group(&request.group_id).await?;
    if let Some(change) = changes::end_of_left_behind(ctx, request.wait_seconds).await? {
        return Ok(updated(&change));
    }
    let picture = picture(ctx, request.profile_picture_file.take()).await?;
    let record = changes::record_of_group(ctx, UpdateChatGroup::NAME, &group_id, asked(&request, picture.as_deref()))?;
    let UpdateChatGroup { subject, description, wait_seconds, .. } = request;
    let change = changes::carry_anew(ctx, wait_seconds, record, async move |ctx| {
        let settings = NewSettings {
            subject: subject.as_ref().map(Subject::as_str),
            description: description.as_ref().map(Description::as_str),
            picture: picture.as_deref(),
        };
        Ok(ctx.graph.update_group(ctx.call().await?.call(), &group_id, &settings).await?.body)
    })
    .await?;
    Ok(updated(&change))
}

/// # Errors
/// [`OperationError::Parameter`] where nothing is to be changed.
fn require_one(request: &UpdateChatGroup) -> Result<(), OperationError> {
    let UpdateChatGroup { subject, description, profile_picture_file, .. } = request;
    if subject.is_some() || description.is_some() || profile_picture_file.is_some() {
        return Ok(());
    }
    Err(ParameterError::MissingOneOf { parameters: &["Subject", "Description", "ProfilePictureFile"] }.into())
}

/// The picture that the parameter holds or names, which is one that Meta takes. The parameter, of several megabytes, is not
/// kept beside it.
async fn picture(ctx: &Context, file: Option<ProfilePictureFile>) -> Result<Option<Bytes>, OperationError> {
    let Some(file) = file else { return Ok(None) };
    let tenant = &ctx.tenant.cust_space_id;
    Ok(Some(from_parameter((&ctx.egress, tenant), file.as_str(), ctx.deadline).await?.into_bytes()))
}

/// What is recorded of the request: of a picture its size in bytes and its SHA-256, by which Meta's webhook names it.
fn asked(request: &UpdateChatGroup, picture: Option<&[u8]>) -> Value {
    let described =
        |picture: &[u8]| json!({"Bytes": picture.len(), "Sha256": STANDARD.encode(digest(&SHA256, picture))});
    json!({
        "GroupId": request.group_id,
        "Subject": request.subject,
        "Description": request.description,
        "ProfilePicture": picture.map(described),
    })
}

fn updated(change: &Change) -> GroupUpdated {
    GroupUpdated {
        result: 1,
        unique_code: change.unique_code.0.into(),
        fields: if change.status.is_done() { outcomes::fields(change) } else { None },
        is_partial: change.status == ChangeStatus::Partial,
    }
}
