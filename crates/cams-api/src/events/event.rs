//! What stands around every event.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::{EventData, EventId, EventType};
use crate::identifiers::UniqueCode;
use crate::instant;

/// An event, as endpoints, pulls and the stream get it. It has no `Debug`: it holds whatever people write.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Event<'a> {
    /// The event's ID.
    pub id: EventId,
    /// Counts a tenant's events from 1, without gaps. Absent on what the gateway itself tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, example = 1742)]
    pub sequence: Option<i64>,
    /// What kind of event it is. Text, since another version may have filed it under a type that this one does not know.
    #[serde(rename = "Type")]
    #[schema(value_type = EventType)]
    pub event_type: &'a str,
    /// When it happened, by Meta's clock: RFC 3339 in UTC, to the second.
    #[serde(serialize_with = "seconds")]
    #[schema(value_type = String, format = DateTime, example = "2026-11-21T08:15:00Z")]
    pub occurred_at: OffsetDateTime,
    /// When the gateway had it: RFC 3339 in UTC, to the millisecond.
    #[serde(serialize_with = "milliseconds")]
    #[schema(value_type = String, format = DateTime, example = "2026-11-21T08:15:00.412Z")]
    pub received_at: OffsetDateTime,
    /// The tenant that it is for. Absent where it is about none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "cams-demo1")]
    pub cust_space_id: Option<&'a str>,
    /// The tenant's business number. Absent where it is about the account as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "15550000001")]
    pub business_number: Option<&'a str>,
    /// Meta's ID of the business number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "100000000000001")]
    pub phone_number_id: Option<&'a str>,
    /// The WhatsApp Business Account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "200000000000001")]
    pub waba_id: Option<&'a str>,
    /// The group that it is about. Absent where it is about none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMToxMjAzNjMwMDAwMDAwMDAwMTEZD")]
    pub group_id: Option<&'a str>,
    /// The change that a call began and that it ends. Absent where it ends none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_code: Option<UniqueCode>,
    /// What it tells; which members it has follows from its type.
    pub data: EventData<'a>,
    /// What went wrong, wholly or in part. Absent where nothing did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<EventError>,
    /// What Meta sent. Absent on what the gateway itself tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Meta<'a>>,
}

/// One of Meta's errors. It has no `Debug`: Meta's words may name a user.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EventError {
    /// Meta's code.
    #[schema(required, example = 131_203)]
    pub code: Option<i64>,
    /// A few words.
    #[schema(required, example = "Unable to add participant to group")]
    pub title: Option<String>,
    /// A sentence for developers.
    #[schema(required, example = "(#131203) Recipient has not accepted our new Terms of Service")]
    pub message: Option<String>,
    /// More of it.
    #[schema(required)]
    pub details: Option<String>,
}

/// What Meta sent. It has no `Debug`: it holds whatever people write.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Meta<'a> {
    /// The change's `field`.
    #[schema(example = "group_participants_update")]
    pub field: &'a str,
    /// The change's `value` with this event's element alone, byte by byte as Meta wrote it.
    #[schema(value_type = Value)]
    pub value: &'a RawValue,
}

fn seconds<S: Serializer>(instant: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&instant::in_seconds(*instant))
}

fn milliseconds<S: Serializer>(instant: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&instant::in_milliseconds(*instant))
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::{Event, EventError, Meta};
    use crate::events::{EventData, EventId, EventParticipant, EventType, ParticipantsJoined};

    fn at(milliseconds: i128) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(milliseconds * 1_000_000).unwrap()
    }

    fn bare(event_type: &EventType) -> Event<'_> {
        Event {
            id: EventId(Uuid::from_u128(0x0199_aa0e_7c1d_7c44_9d0e_8a4f_5a1b_2c3d)),
            sequence: None,
            event_type: event_type.as_str(),
            occurred_at: at(1_795_248_900_700),
            received_at: at(1_795_248_900_412),
            cust_space_id: None,
            business_number: None,
            phone_number_id: None,
            waba_id: None,
            group_id: None,
            unique_code: None,
            data: EventData::none(),
            errors: Vec::new(),
            meta: None,
        }
    }

    #[test]
    fn an_event_is_written_as_the_contract_has_it() {
        let value: &RawValue =
            serde_json::from_str(r#"{"messaging_product":"whatsapp", "metadata":{},"groups":[{}]}"#).unwrap();
        let user = EventParticipant {
            participant_number: Some("16505551234".to_owned()),
            wa_id: Some("16505551234".to_owned()),
            ..EventParticipant::default()
        };
        let event = Event {
            sequence: Some(1742),
            cust_space_id: Some("cams-demo1"),
            business_number: Some("15550000001"),
            phone_number_id: Some("100000000000001"),
            waba_id: Some("200000000000001"),
            group_id: Some("Y2Fw"),
            unique_code: Some(Uuid::from_u128(0x0199_aa0e_7c1d_7c44_9d0e_8a4f_5a1b_2c3e).into()),
            data: EventData::ParticipantsJoined(ParticipantsJoined {
                participants: vec![user],
                reason: Some("invite_link".to_owned()),
            }),
            errors: vec![EventError { code: Some(131_203), title: Some("T".to_owned()), message: None, details: None }],
            meta: Some(Meta { field: "group_participants_update", value }),
            ..bare(&EventType::GroupParticipantJoined)
        };
        insta::assert_snapshot!(serde_json::to_string(&event).unwrap(), @r#"{"Id":"evt_0199aa0e7c1d7c449d0e8a4f5a1b2c3d","Sequence":1742,"Type":"group.participant.joined","OccurredAt":"2026-11-21T08:15:00Z","ReceivedAt":"2026-11-21T08:15:00.412Z","CustSpaceId":"cams-demo1","BusinessNumber":"15550000001","PhoneNumberId":"100000000000001","WabaId":"200000000000001","GroupId":"Y2Fw","UniqueCode":"0199aa0e-7c1d-7c44-9d0e-8a4f5a1b2c3e","Data":{"Participants":[{"ParticipantNumber":"16505551234","WaId":"16505551234","UserId":null,"Username":null}],"Reason":"invite_link"},"Errors":[{"Code":131203,"Title":"T","Message":null,"Details":null}],"Meta":{"Field":"group_participants_update","Value":{"messaging_product":"whatsapp", "metadata":{},"groups":[{}]}}}"#);
    }

    #[test]
    fn what_an_event_has_not_is_left_out() {
        insta::assert_snapshot!(serde_json::to_string(&bare(&EventType::EndpointTest)).unwrap(), @r#"{"Id":"evt_0199aa0e7c1d7c449d0e8a4f5a1b2c3d","Type":"endpoint.test","OccurredAt":"2026-11-21T08:15:00Z","ReceivedAt":"2026-11-21T08:15:00.412Z","Data":{}}"#);
    }
}
