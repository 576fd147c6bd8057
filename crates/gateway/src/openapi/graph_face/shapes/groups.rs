//! Groups, their links, join requests and participants.

use utoipa::openapi::schema::ObjectBuilder;

use super::{Shape, file, flag, integer, list, messaging_product, metas, object, one_of, page, refer, text};

const MODES: [&str; 2] = ["auto_approve", "approval_required"];

pub(super) fn all() -> Vec<Shape> {
    [groups(), settings(), links(), join_requests(), participants()].concat()
}

fn groups() -> Vec<Shape> {
    let listed = object(
        "A group as the list shows it.",
        &["id"],
        [
            ("id", text("The group's ID.")),
            ("subject", text("Its subject.")),
            ("created_at", text("When it was made, in Unix seconds.")),
        ],
    );
    let groups = object("The groups.", &["groups"], [("groups", list("One page of them.", refer("ListedGroup")))]);
    vec![
        (
            "NewGroup",
            object(
                "A group to make.",
                &["messaging_product", "subject"],
                [
                    messaging_product(),
                    ("subject", text("1 to 128 characters.")),
                    ("description", text("At most 2048 characters.")),
                    (
                        "join_approval_mode",
                        one_of(
                            "Whether users who have the link come in at once, or ask. It cannot be changed later.",
                            &MODES,
                        ),
                    ),
                ],
            ),
        ),
        (
            "ChangeAccepted",
            object(
                "Meta took the change on. Its outcome comes by webhook.",
                &["request_id"],
                [
                    messaging_product(),
                    (
                        "request_id",
                        text("The change: Meta's name for it, or the gateway's `UniqueCode` where Meta gives none."),
                    ),
                ],
            ),
        ),
        ("ListedGroup", listed),
        ("Groups", page("A page of groups.", groups)),
        (
            "Participant",
            object(
                "A user in a group.",
                &[],
                [
                    ("wa_id", text("The user's number, where it is known.")),
                    ("user_id", text("The user's business-scoped ID.")),
                    ("username", text("The name that the user chose.")),
                ],
            ),
        ),
        (
            "Group",
            object(
                "A group, with the fields that were asked for.",
                &["id"],
                [
                    messaging_product(),
                    ("id", text("The group's ID.")),
                    ("subject", text("Its subject.")),
                    ("description", text("Its description.")),
                    ("creation_timestamp", integer("When it was made, in Unix seconds.")),
                    ("suspended", flag("Whether WhatsApp suspended it.")),
                    ("total_participant_count", integer("How many users are in it, the business not counted.")),
                    ("participants", list("The users in it, the business not among them.", refer("Participant"))),
                    ("join_approval_mode", one_of("Whether users who have the link come in at once, or ask.", &MODES)),
                ],
            ),
        ),
    ]
}

fn settings() -> Vec<Shape> {
    let subject = || ("subject", text("1 to 128 characters."));
    let description = || ("description", text("At most 2048 characters."));
    let picture = "A square JPEG of at least 192 by 192 pixels and at most 5 MB";
    vec![
        (
            "GroupSettings",
            object("What becomes other.", &["messaging_product"], [messaging_product(), subject(), description()]),
        ),
        (
            "GroupSettingsWithPicture",
            object(
                "What becomes other, with a picture.",
                &["messaging_product"],
                [
                    messaging_product(),
                    subject(),
                    description(),
                    ("file", file(&format!("{picture}."))),
                    ("profile_picture_file", file(&format!("{picture}: another name of `file`."))),
                ],
            ),
        ),
        (
            "GroupDeleted",
            object(
                "Meta took the deletion on. Its outcome comes by webhook.",
                &["request_id"],
                [
                    messaging_product(),
                    ("success", flag("Always `true`.")),
                    ("request_id", text("The change, as in `ChangeAccepted`.")),
                ],
            ),
        ),
    ]
}

fn links() -> Vec<Shape> {
    let text_of_true: ObjectBuilder = super::simple(super::Type::String, "`true`, as text.");
    vec![
        ("Product", object("No more than the product.", &["messaging_product"], [messaging_product()])),
        (
            "InviteLink",
            object(
                "The link that lets users in.",
                &["invite_link"],
                [
                    messaging_product(),
                    ("invite_link", text("`https://chat.whatsapp.com/` and the link's ID. It admits whoever has it.")),
                ],
            ),
        ),
        (
            "InviteLinkDeleted",
            object("The link is dead.", &["success"], [messaging_product(), ("success", text_of_true.into())]),
        ),
    ]
}

fn join_requests() -> Vec<Shape> {
    let ids = |description: &str| list(description, text("A join request's ID."));
    let failed = || {
        (
            "failed_join_requests",
            list("Those that were not, with the reason; only where there are any.", refer("FailedJoinRequest")),
        )
    };
    let errors = || {
        ("errors", list("Why some were not.", metas("One of Meta's errors: `code`, `title`, `message`, `error_data`.")))
    };
    let request_id = || {
        ("request_id", text("The gateway's `UniqueCode` of the change, which Meta's answer has not; absent at 206."))
    };
    vec![
        (
            "JoinRequest",
            object(
                "A user who asks to come in.",
                &["join_request_id"],
                [
                    ("join_request_id", text("The request's ID.")),
                    ("wa_id", text("The user's number, where it is known.")),
                    ("user_id", text("The user's business-scoped ID.")),
                    ("username", text("The name that the user chose.")),
                    ("creation_timestamp", integer("When the user asked, in Unix seconds.")),
                ],
            ),
        ),
        ("JoinRequests", page("A page of join requests.", list("The requests.", refer("JoinRequest")))),
        (
            "JoinRequestIds",
            object(
                "Which requests.",
                &["messaging_product", "join_requests"],
                [messaging_product(), ("join_requests", ids("Their IDs."))],
            ),
        ),
        (
            "FailedJoinRequest",
            object(
                "A request that was not answered, and why.",
                &["join_request_id"],
                [("join_request_id", text("The request's ID.")), errors()],
            ),
        ),
        (
            "JoinRequestsApproved",
            object(
                "Who is in now.",
                &[],
                [
                    messaging_product(),
                    ("approved_join_requests", ids("Those that were approved.")),
                    failed(),
                    errors(),
                    request_id(),
                ],
            ),
        ),
        (
            "JoinRequestsRejected",
            object(
                "Who was turned away.",
                &[],
                [
                    messaging_product(),
                    ("rejected_join_requests", ids("Those that were rejected.")),
                    failed(),
                    errors(),
                    request_id(),
                ],
            ),
        ),
    ]
}

fn participants() -> Vec<Shape> {
    vec![
        (
            "User",
            object(
                "A user, by one of the two.",
                &[],
                [("user", text("The user's number, or `wa_id`.")), ("user_id", text("The user's business-scoped ID."))],
            ),
        ),
        (
            "Participants",
            object(
                "Which users, 1 to 8 of them, none twice.",
                &["messaging_product", "participants"],
                [messaging_product(), ("participants", list("The users.", refer("User")))],
            ),
        ),
    ]
}
