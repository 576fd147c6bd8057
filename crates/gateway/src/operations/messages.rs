//! Messages to groups and people.

use cams_api::messages::{MessageId, TaskId, TemplateName, Text, Texts};
use cams_api::operations::message_content as said;
use cams_api::operations::{
    Message, MessageBody, MessageRecipient, MessageSent, SendChatappMessage, TemplateMessage, TemplateParams,
    TemplateReference,
};
use cams_api::participants::ParticipantNumber;
use graph_client::{
    ButtonType, Location, Media, MediaSource, MessageContent, OutgoingMessage, Pin, Reaction, Recipient,
    TemplateComponent, TemplateParameter,
};

use super::{Context, OperationError, templates};

/// Sends one message.
pub(super) async fn send_message(ctx: &Context, request: SendChatappMessage) -> Result<MessageSent, OperationError> {
    let message = request.into_message()?;
    let to = address(ctx, message.to.clone()).await?;
    let template_name = template_name(ctx, &message).await?;
    ctx.write(async move |ctx| {
        let outgoing = OutgoingMessage {
            to: to.recipient(),
            content: &content(&message.body, template_name.as_ref()),
            in_reply_to: message.in_reply_to.as_ref().map(MessageId::as_str),
            callback_data: message.task_id.as_ref().map(TaskId::as_str),
        };
        let accepted =
            ctx.graph.send_message(ctx.call().await?.call(), &ctx.number()?.phone_number_id, &outgoing).await?;
        Ok(MessageSent { message_id: MessageId::from_upstream(accepted.body.message_id) })
    })
    .await
}

/// To whom a message goes, once it is known that it may.
enum Address {
    Group(graph_client::GroupId),
    Person(ParticipantNumber),
}

impl Address {
    fn recipient(&self) -> Recipient<'_> {
        match self {
            Self::Group(group_id) => Recipient::Group(group_id),
            Self::Person(number) => person(number),
        }
    }
}

async fn address(ctx: &Context, to: MessageRecipient) -> Result<Address, OperationError> {
    match to {
        MessageRecipient::Group(group_id) => ctx.own_group(&group_id).await.map(Address::Group),
        MessageRecipient::Person(number) => Ok(Address::Person(number)),
    }
}

/// A person, as Meta wants one named.
pub(super) fn person(number: &ParticipantNumber) -> Recipient<'_> {
    match number {
        ParticipantNumber::Phone(digits) => Recipient::Number(digits),
        ParticipantNumber::UserId(id) => Recipient::User(id),
    }
}

/// The name of the message's template, where it is made from one.
async fn template_name(ctx: &Context, message: &Message) -> Result<Option<TemplateName>, OperationError> {
    match &message.body {
        MessageBody::Content(_) => Ok(None),
        MessageBody::Template(TemplateMessage { template: TemplateReference::Name(name), .. }) => {
            Ok(Some(name.clone()))
        }
        MessageBody::Template(TemplateMessage { template: TemplateReference::Code(code), .. }) => {
            templates::name_of(ctx, code).await.map(Some)
        }
    }
}

/// What a message says, in Meta's terms.
fn content<'a>(body: &'a MessageBody, template_name: Option<&'a TemplateName>) -> MessageContent<'a> {
    match body {
        MessageBody::Content(content) => free_form(content),
        MessageBody::Template(template) => MessageContent::Template(graph_client::TemplateMessage {
            name: template_name.map(TemplateName::as_str).unwrap_or_default(),
            language: template.language.as_str(),
            components: components(template),
        }),
    }
}

fn free_form(content: &said::MessageContent) -> MessageContent<'_> {
    match content {
        said::MessageContent::Text(words) => {
            MessageContent::Text(graph_client::Text { body: words.text.as_str(), preview_url: words.preview_url })
        }
        said::MessageContent::Image(media) => MessageContent::Image(medium(media)),
        said::MessageContent::Video(media) => MessageContent::Video(medium(media)),
        said::MessageContent::Audio(media) => MessageContent::Audio(medium(media)),
        said::MessageContent::Document(media) => MessageContent::Document(medium(media)),
        said::MessageContent::Sticker(media) => MessageContent::Sticker(medium(media)),
        said::MessageContent::Location(place) => MessageContent::Location(location(place)),
        said::MessageContent::Contacts(contacts) => {
            MessageContent::Contacts(contacts.iter().map(|contact| serde_json::json!(contact)).collect())
        }
        said::MessageContent::Reaction(reaction) => MessageContent::Reaction(Reaction {
            message_id: reaction.message_id.as_str(),
            emoji: reaction.emoji.as_str(),
        }),
        said::MessageContent::Pin(said) => MessageContent::Pin(pin(said)),
    }
}

fn medium(media: &said::Media) -> Media<'_> {
    Media {
        source: MediaSource::Link(media.link.as_str()),
        caption: media.caption.as_ref().map(Text::as_str),
        filename: media.file_name.as_ref().map(Text::as_str),
    }
}

fn location(place: &said::Location) -> Location<'_> {
    Location {
        latitude: place.latitude.degrees(),
        longitude: place.longitude.degrees(),
        name: place.name.as_ref().map(Text::as_str),
        address: place.address.as_ref().map(Text::as_str),
    }
}

fn pin(pin: &said::Pin) -> Pin<'_> {
    match pin {
        said::Pin::Pin { message_id, expiration_days } => {
            Pin::Pin { message_id: message_id.as_str(), expiration_days: expiration_days.days() }
        }
        said::Pin::Unpin { message_id } => Pin::Unpin { message_id: message_id.as_str() },
    }
}

/// What stands in the template's variables. A part in which nothing stands is left out.
fn components(template: &TemplateMessage) -> Vec<TemplateComponent<'_>> {
    let parameters = template.params.as_ref().map(body_parameters).unwrap_or_default();
    let body = (!parameters.is_empty()).then_some(TemplateComponent::Body { parameters });
    let payloads = template.payload.iter().flat_map(Texts::iter).enumerate();
    let buttons = payloads.map(|(index, payload)| TemplateComponent::Button {
        sub_type: ButtonType::QuickReply,
        index: index.to_string(),
        parameters: [TemplateParameter::Payload { payload }],
    });
    body.into_iter().chain(buttons).collect()
}

fn body_parameters(params: &TemplateParams) -> Vec<TemplateParameter<'_>> {
    match params {
        TemplateParams::Positional(texts) => texts.iter().map(|value| text(None, value.as_str())).collect(),
        TemplateParams::Named(named) => {
            named.iter().map(|(name, value)| text(Some(name.as_str()), value.as_str())).collect()
        }
    }
}

/// Words for one variable.
pub(super) fn text<'a>(parameter_name: Option<&'a str>, text: &'a str) -> TemplateParameter<'a> {
    TemplateParameter::Text { parameter_name, text }
}
