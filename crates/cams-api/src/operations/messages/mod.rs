//! Messages of the business: to a group, to a person.

mod other_channels;
mod recipient;
mod template;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::message_content::{Content, MessageContent, MessageType};
use crate::identifiers::{BusinessNumber, ChannelType, CustSpaceId};
use crate::messages::{Language, MessageId, TaskId, TemplateCode, TemplateName, Texts};
use crate::operation::{Answer, Operation};
use crate::parameters::ParameterError;
use crate::{Code, Scope};

pub use recipient::{MessageRecipient, MessageTo, RecipientType};
pub use template::{TemplateMessage, TemplateParams, TemplateReference};

/// What `SendChatappMessage` takes: CAMS's own parameters, as far as WhatsApp has them.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, remote = "Self")]
pub struct SendChatappMessage {
    /// The tenant: one customer of the ISV.
    pub cust_space_id: CustSpaceId,
    /// The tenant's business number, in place of `BusinessNumber`.
    pub from: BusinessNumber,
    /// `WHATSAPP`, the default and the only value.
    pub channel_type: Option<ChannelType>,
    /// A phone number or business-scoped user ID; with `RecipientType` `group` a `GroupId`.
    pub to: MessageTo,
    /// What `To` is.
    #[schema(default = "individual", example = "group")]
    pub recipient_type: Option<RecipientType>,
    /// Whether `MessageType` and `Content` say what is sent, or a template.
    pub r#type: SendType,
    /// With `Type` `message`: of what kind it is. With `Type` `template` it is not read.
    pub message_type: Option<MessageType>,
    /// With `Type` `message`: what it says, as JSON text.
    pub content: Option<Content>,
    /// With `Type` `template`: the template's name.
    pub template_name: Option<TemplateName>,
    /// With `Type` `template`: Meta's ID of the template, in place of its name.
    pub template_code: Option<TemplateCode>,
    /// With `Type` `template`: the template's language. With `Type` `message` it is not read.
    pub language: Option<Language>,
    /// With `Type` `template`: what stands in the variables of its body.
    pub template_params: Option<TemplateParams>,
    /// With `Type` `template`: what its quick-reply buttons send back, in the order of the buttons.
    #[schema(example = json!([]))]
    pub payload: Option<Texts<10, 256>>,
    /// The message that this one answers.
    pub context_message_id: Option<MessageId>,
    /// Your own word for the message.
    pub task_id: Option<TaskId>,
}

/// Whether a message is free-form or made from a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(example = "message")]
pub enum SendType {
    /// Free-form: to a person only within 24 hours of the person's last message.
    Message,
    /// Made from an approved template: at any time.
    Template,
}

/// A message, as its parameters say together.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// To whom it goes.
    pub to: MessageRecipient,
    /// What it says.
    pub body: MessageBody,
    /// The message that it answers.
    pub in_reply_to: Option<MessageId>,
    /// The caller's own word for it.
    pub task_id: Option<TaskId>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum MessageBody {
    /// In its own words.
    Content(MessageContent),
    /// By a template.
    Template(TemplateMessage),
}

impl SendChatappMessage {
    /// The message that the parameters make together. `MessageType` beside a template and `Language` beside a free-form
    /// message are not read: callers of CAMS send both with either `Type`, and neither changes what is sent.
    ///
    /// # Errors
    /// [`ParameterError`] where one is absent that `Type` or `RecipientType` calls for, where any other is there that
    /// they leave unread, and where `Content` is wrong.
    pub fn into_message(self) -> Result<Message, ParameterError> {
        let to = self.to.read(self.recipient_type.unwrap_or_default())?;
        let (in_reply_to, task_id) = (self.context_message_id.clone(), self.task_id.clone());
        let body = match self.r#type {
            SendType::Message => MessageBody::Content(self.content_for(&to)?),
            SendType::Template => MessageBody::Template(self.into_template()?),
        };
        Ok(Message { to, body, in_reply_to, task_id })
    }

    fn content_for(&self, to: &MessageRecipient) -> Result<MessageContent, ParameterError> {
        for (parameter, is_there) in [
            ("TemplateName", self.template_name.is_some()),
            ("TemplateCode", self.template_code.is_some()),
            ("TemplateParams", self.template_params.is_some()),
            ("Payload", self.payload.is_some()),
        ] {
            if is_there {
                return Err(ParameterError::superfluous(parameter, "where `Type` is `message`"));
            }
        }
        let message_type = self.message_type.ok_or_else(|| missing("MessageType"))?;
        check_fit(message_type, to)?;
        self.content.as_ref().ok_or_else(|| missing("Content"))?.read(message_type)
    }

    fn into_template(self) -> Result<TemplateMessage, ParameterError> {
        if self.content.is_some() {
            let why = "where `Type` is `template`; `TemplateParams` is what stands in a template's variables";
            return Err(ParameterError::superfluous("Content", why));
        }
        let template = match (self.template_name, self.template_code) {
            (Some(name), None) => TemplateReference::Name(name),
            (None, Some(code)) => TemplateReference::Code(code),
            (None, None) => return Err(missing("TemplateName")),
            (Some(_), Some(_)) => {
                let why = "where there is a `TemplateName`, or the other way round";
                return Err(ParameterError::superfluous("TemplateCode", why));
            }
        };
        let language = self.language.ok_or_else(|| missing("Language"))?;
        Ok(TemplateMessage { template, language, params: self.template_params, payload: self.payload })
    }
}

/// Refuses what Meta would refuse: it does not let every type be sent to everybody.
fn check_fit(message_type: MessageType, to: &MessageRecipient) -> Result<(), ParameterError> {
    let (fits, rule) = match to {
        MessageRecipient::Group(_) => (
            message_type.is_for_groups(),
            "one of `text`, `image`, `video`, `audio`, `document`, `sticker`, `pin`: Meta lets nothing else be sent to a group",
        ),
        MessageRecipient::Person(_) => (
            message_type.is_for_people(),
            "another: only a group has pinned messages, so it takes `RecipientType` `group`",
        ),
    };
    let name = json!(message_type);
    let wrong = || ParameterError::wrong("MessageType", name.as_str().unwrap_or_default(), rule);
    if fits { Ok(()) } else { Err(wrong()) }
}

fn missing(parameter: &str) -> ParameterError {
    ParameterError::Missing { parameter: parameter.to_owned() }
}

/// The message that Meta has taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MessageSent {
    /// WhatsApp's ID of it, which its statuses name.
    pub message_id: MessageId,
}

impl Answer for MessageSent {}

impl Operation for SendChatappMessage {
    type Answer = MessageSent;

    const NAME: &'static str = "SendChatappMessage";
    const SCOPE: Scope = Scope::MessagesSend;
    const NOUN: &'static str = "Messages";
    const SUMMARY: &'static str = "Send a message to a group or a person";
    const DESCRIPTION: &'static str = "Sends one message. `MessageId` says that Meta has taken it; what becomes of it (sent, delivered, read, failed) comes by event.\n\n`From` is the business number, as in CAMS; `BusinessNumber` is refused here. `To` is a phone number, a WhatsApp ID or a business-scoped user ID, or with `RecipientType` `group` a `GroupId`.\n\n`Content` is JSON text; its names may be written in any case, and with `_` or without. What each `MessageType` takes, and the member of Meta's that it becomes where that has another name:\n\n| `MessageType` | `Content` | to |\n|---|---|---|\n| `text` | `text` up to 4096 characters (`body`), `previewUrl`? (`preview_url`) | both |\n| `image`, `video` | `link`, `caption`? up to 1024 characters | both |\n| `document` | the same, and `fileName`? (`filename`) | both |\n| `audio`, `sticker` | `link` | both |\n| `pin` | `type` (`pin`, `unpin`), `messageId` (`message_id`), with `pin` `expirationDays` 1 to 30 (`expiration_days`) | groups |\n| `location` | `latitude`, `longitude` in degrees, `name`?, `address`? | people |\n| `contacts` | one contact or a list of them: `name` (`formattedName` and another), `phones`?, `emails`?, `urls`?, `addresses`?, `org`?, `birthday`? | people |\n| `reaction` | `messageId` (`message_id`), `emoji`, empty to take it away | people |\n\nMeta fetches a `link` itself. With `Type` `template`: `TemplateName`, or `TemplateCode`, which is Meta's ID of the template and is looked up among the account's templates; `TemplateParams` with names that are 1, 2, … for variables by position, with other names for named ones; `Payload` for quick-reply buttons.\n\n`ContextMessageId` becomes `context.message_id`, `TaskId` `biz_opaque_callback_data`. `CustWabaId`, `IsvCode` and CAMS's test parameters are read over; parameters of other channels are refused.\n\nUpstream: `POST /{phone_number_id}/messages`.";
    const CODES: &'static [Code] = &[Code::GroupNotFound, Code::GroupSuspended];

    fn cust_space_id(&self) -> &CustSpaceId {
        &self.cust_space_id
    }

    fn business_number(&self) -> Option<&BusinessNumber> {
        Some(&self.from)
    }

    fn example() -> Value {
        json!({
            "CustSpaceId": super::EXAMPLE_CUST_SPACE_ID,
            "From": super::EXAMPLE_BUSINESS_NUMBER,
            "To": super::EXAMPLE_GROUP_ID,
            "RecipientType": "group",
            "Type": "message",
            "MessageType": "text",
            "Content": r#"{"text": "Your watch is ready."}"#,
            "TaskId": "order-1042",
        })
    }

    fn example_answer() -> Value {
        json!({"MessageId": super::EXAMPLE_MESSAGE_ID})
    }
}

#[cfg(test)]
mod tests;
