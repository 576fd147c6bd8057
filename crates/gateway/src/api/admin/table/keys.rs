//! Access keys.

use actix_web::http::Method;

use super::{AdminVisitor, Read, Sent};
use crate::admin::keys::AccessKeyId;
use crate::admin::{AdminContext, keys};
use crate::api::admin::page::Page;

const KEYS: &str = "Access keys";

pub(super) fn of_keys(visitor: &mut impl AdminVisitor) {
    const ALL: &str = "/keys";
    const ONE: &str = "/keys/{access_key_id}";
    visitor.visit(
        Page::get(ALL, "ListKeys", KEYS, "List access keys"),
        async |ctx: &AdminContext, call: Read<(), keys::ListKeys>| keys::list(ctx, call.query).await,
    );
    visitor.visit(
        Page::post(ALL, "CreateKey", KEYS, "Make an access key").told(
            "Its secret is shown this once. Nobody gives away more than it has: every scope that the key gets on a tenant, \
             you have there yourself.",
        ),
        async |ctx: &AdminContext, call: Sent<(), keys::CreateKey>| keys::create(ctx, call.body).await,
    );
    visitor.visit(
        Page::get(ONE, "GetKey", KEYS, "See an access key"),
        async |ctx: &AdminContext, call: Read<AccessKeyId>| keys::get(ctx, &call.path).await,
    );
    visitor.visit(
        Page::change(Method::PATCH, ONE, "ChangeKey", KEYS, "Change an access key")
            .told("Running gateways obey within a second. It takes all that the key may do afterwards."),
        async |ctx: &AdminContext, call: Sent<AccessKeyId, keys::ChangeKey>| {
            keys::change(ctx, &call.path, call.body).await
        },
    );
    visitor.visit(
        Page::change(Method::DELETE, ONE, "RemoveKey", KEYS, "Remove an access key")
            .told("It, and every token made for it, are refused within a second, and it is listed no longer."),
        async |ctx: &AdminContext, call: Read<AccessKeyId>| keys::remove(ctx, &call.path).await,
    );
    visitor.visit(
        Page::change(
            Method::POST,
            "/keys/{access_key_id}/rotate",
            "RotateKey",
            KEYS,
            "Give an access key a new secret",
        )
        .told(
            "The new secret is shown this once, and both work until the overlap is over. A secret from an earlier \
                 rotation ends now. It takes all that the key may do.",
        ),
        async |ctx: &AdminContext, call: Sent<AccessKeyId, keys::RotateKey>| {
            keys::rotate(ctx, &call.path, call.body).await
        },
    );
    visitor.visit(
        Page::change(Method::POST, "/keys/{access_key_id}/revoke", "RevokeKey", KEYS, "Revoke an access key, for good")
            .told("It, and every token made for it, are refused within a second. It stays in the list."),
        async |ctx: &AdminContext, call: Read<AccessKeyId>| keys::revoke(ctx, &call.path).await,
    );
}
