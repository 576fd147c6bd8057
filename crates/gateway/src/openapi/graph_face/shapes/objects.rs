//! Messages, files, numbers, templates, and what all lists and refusals have in common.

use super::{Shape, file, flag, integer, list, messaging_product, metas, object, one_of, page, refer, text};

pub(super) fn all() -> Vec<Shape> {
    [common(), messages(), files(), numbers(), templates()].concat()
}

fn common() -> Vec<Shape> {
    let cursors = object(
        "Where this page begins and ends.",
        &[],
        [("before", text("Its beginning, for `before`.")), ("after", text("Its end, for `after`."))],
    );
    let error = object(
        "Why.",
        &["message", "type", "code"],
        [
            ("message", text("For people.")),
            ("type", text("`OAuthException`, `GraphMethodException`, …")),
            ("code", integer("What to branch on.")),
            ("error_subcode", integer("33 beside code 100: there is no such object for this caller.")),
            ("error_data", metas("`details`, which says more.")),
            ("is_transient", flag("Whether the same call may simply be made again.")),
            ("fbtrace_id", text("The call. Where the gateway refused it, its `x-request-id`.")),
        ],
    );
    vec![
        (
            "Paging",
            object(
                "Where the other pages are.",
                &[],
                [
                    ("cursors", cursors),
                    ("previous", text("The page before, at this gateway, without any token.")),
                    ("next", text("The page behind, at this gateway, without any token.")),
                ],
            ),
        ),
        ("Success", object("Done.", &[], [("success", flag("Always `true`."))])),
        ("GraphError", object("A refusal, Meta's or the gateway's own.", &["error"], [("error", error)])),
    ]
}

fn messages() -> Vec<Shape> {
    let contact =
        object("To whom.", &[], [("input", text("As it was named.")), ("wa_id", text("The user, or the group."))]);
    let message = object("The message.", &["id"], [("id", text("`wamid.` and more: statuses refer to it."))]);
    vec![
        (
            "Message",
            object(
                "A message, with a member of the name of its `type` that holds its content, as Meta's pages tell it.",
                &["messaging_product", "type"],
                [
                    messaging_product(),
                    ("recipient_type", one_of("`group` where `to` is a group.", &["individual", "group"])),
                    ("to", text("A group of the tenant's, or a user's number.")),
                    ("type", text("`text`, `image`, `template`, `pin`, …")),
                ],
            ),
        ),
        (
            "MessageSent",
            object(
                "Meta took the message.",
                &["messages"],
                [messaging_product(), ("contacts", list("To whom.", contact)), ("messages", list("One.", message))],
            ),
        ),
    ]
}

fn files() -> Vec<Shape> {
    vec![
        (
            "Upload",
            object(
                "A file, of at most 100 MB.",
                &["messaging_product", "file"],
                [messaging_product(), ("type", text("Its media type.")), ("file", file("The file itself."))],
            ),
        ),
        ("MediaId", object("The file's name.", &["id"], [("id", text("What messages name it by."))])),
        (
            "Media",
            object(
                "A file.",
                &["id"],
                [
                    messaging_product(),
                    ("id", text("Its ID.")),
                    ("url", text("Where it can be read, at this gateway, with the same credential as here.")),
                    ("mime_type", text("Its media type.")),
                    ("sha256", text("The SHA-256 of its content.")),
                    ("file_size", text("Its size in bytes.")),
                ],
            ),
        ),
    ]
}

fn numbers() -> Vec<Shape> {
    vec![
        (
            "PhoneNumber",
            object(
                "A business phone number, with the fields that were asked for.",
                &["id"],
                [
                    ("id", text("Its ID.")),
                    ("display_phone_number", text("The number as people write it.")),
                    ("verified_name", text("The business's name.")),
                    ("status", text("`CONNECTED`, `LINKED`, …")),
                    ("quality_rating", text("`GREEN`, `YELLOW`, `RED`, `UNKNOWN`.")),
                    ("is_official_business_account", flag("Whether it may have groups.")),
                ],
            ),
        ),
        ("PhoneNumbers", page("A page of numbers.", list("The numbers.", refer("PhoneNumber")))),
    ]
}

fn templates() -> Vec<Shape> {
    let components = || ("components", list("Header, body, footer, buttons.", metas("One of them.")));
    let category = || ("category", one_of("What it is for.", &["UTILITY", "MARKETING", "AUTHENTICATION"]));
    vec![
        (
            "NewTemplate",
            object(
                "A template to make, or a copy of the library's.",
                &["name", "language", "category"],
                [
                    ("name", text("Small letters, digits and `_`.")),
                    ("language", text("`en`, `en_US`, …")),
                    category(),
                    ("library_template_name", text("Which of the library's.")),
                    components(),
                ],
            ),
        ),
        ("TemplateChanges", object("What becomes other.", &[], [category(), components()])),
        (
            "TemplateCreated",
            object(
                "The new template.",
                &["id"],
                [("id", text("Its ID.")), ("status", text("`PENDING` until Meta has looked at it.")), category()],
            ),
        ),
        (
            "Template",
            object(
                "A message template, with the fields that were asked for.",
                &["id"],
                [
                    ("id", text("Its ID.")),
                    ("name", text("Its name.")),
                    ("language", text("Its language.")),
                    ("status", text("`APPROVED`, `PENDING`, `REJECTED`, …")),
                    category(),
                    components(),
                ],
            ),
        ),
        ("Templates", page("A page of templates.", list("The templates.", refer("Template")))),
        (
            "LibraryTemplates",
            page(
                "A page of the library.",
                list("What it holds.", metas("`name`, `language`, `category`, `topic`, `body`, `buttons`, `id`, …")),
            ),
        ),
    ]
}
