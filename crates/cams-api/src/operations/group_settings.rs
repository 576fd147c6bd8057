//! A group's settings: its name, what it is for, its picture.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{PartResult, addressed_to_group, example, request};
use crate::identifiers::{GroupId, UniqueCode};
use crate::operation::{Answer, Operation};
use crate::picture::ProfilePictureFile;
use crate::text::{Description, Subject};
use crate::wait::WaitSeconds;
use crate::{Code, Scope};

request! {
    /// What `UpdateChatGroup` takes: at least one of `Subject`, `Description` and `ProfilePictureFile`.
    UpdateChatGroup {
        /// The group that is changed.
        group_id: GroupId,
        /// Its new name.
        subject: Option<Subject>,
        /// What it is for from now on; an empty one takes the description away.
        description: Option<Description>,
        /// Its new picture.
        profile_picture_file: Option<ProfilePictureFile>,
        /// How long to wait for Meta's confirmation.
        wait_seconds: Option<WaitSeconds>,
    }
}

/// What became of the settings; the `UniqueCode`, while Meta is still at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GroupUpdated {
    /// How many groups: 1.
    #[schema(example = 1)]
    pub result: u8,
    /// The change's ID, for `QueryChatGroupRequest` and in events.
    pub unique_code: UniqueCode,
    /// Each setting that was asked for; absent while Meta has not confirmed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<SettingResults>,
    /// Whether some were changed and others not, which Meta may say without naming them.
    #[serde(skip)]
    pub is_partial: bool,
}

impl Answer for GroupUpdated {
    fn code(&self) -> Code {
        if self.is_partial { Code::PartialSuccess } else { Code::Ok }
    }
}

/// What became of each setting that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SettingResults {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<PartResult>,
    /// The description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<PartResult>,
    /// The picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_picture: Option<PartResult>,
}

impl Operation for UpdateChatGroup {
    type Answer = GroupUpdated;

    const NAME: &'static str = "UpdateChatGroup";
    const SCOPE: Scope = Scope::GroupsWrite;
    const NOUN: &'static str = "Groups";
    const SUMMARY: &'static str = "Change a group's name, description or picture";
    const DESCRIPTION: &'static str = "Asks Meta to change what is given; at least one of `Subject`, `Description` and `ProfilePictureFile` must be. Meta does it a little later and says so by webhook, for each setting alone; the call waits for that up to `WaitSeconds` and then answers with `Fields`. All changed: `OK`. Some: `PartialSuccess`. None: `Upstream.Rejected` with `Fields`. Where the time is over first, `Fields` is absent, and `QueryChatGroupRequest` tells what became of it.\n\nAn empty `Description` takes the description away. The picture is a JPEG: square, at least 192 x 192 pixels, at most 5 MB; it is fetched or decoded, and looked at, before anything is sent to Meta. How users enter (`JoinApprovalMode`) cannot be changed.\n\nUpstream: `POST /{group_id}`, multipart where there is a picture, then the `group_settings_update` webhook.";
    const BODY_LIMIT: usize = 7 * 1024 * 1024;
    const CODES: &'static [Code] = &[Code::PartialSuccess, Code::GroupNotFound, Code::GroupSuspended];

    addressed_to_group!();

    fn example() -> Value {
        example!(
            "GroupId": super::EXAMPLE_GROUP_ID,
            "Subject": super::EXAMPLE_SUBJECT,
            "Description": "Questions about watches, answered from 9 to 17 h.",
            "WaitSeconds": 10,
        )
    }

    fn example_answer() -> Value {
        json!({
            "Result": 1,
            "UniqueCode": super::EXAMPLE_UNIQUE_CODE,
            "Fields": {"Subject": {"UpdateSuccessful": true}, "Description": {"UpdateSuccessful": true}},
        })
    }
}
