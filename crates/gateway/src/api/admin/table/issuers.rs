//! External issuers of JWTs.

use actix_web::http::Method;
use tenant_store::IssuerId;

use super::{AdminVisitor, Read, Sent};
use crate::admin::{AdminContext, Paging, issuers};
use crate::api::admin::page::Page;

const ISSUERS: &str = "Issuers";

pub(super) fn of_issuers(visitor: &mut impl AdminVisitor) {
    const ALL: &str = "/issuers";
    const ONE: &str = "/issuers/{issuer_id}";
    visitor.visit(
        Page::get(ALL, "ListIssuers", ISSUERS, "List the external issuers of tokens"),
        async |ctx: &AdminContext, call: Read<(), Paging>| issuers::list(ctx, call.query).await,
    );
    visitor.visit(
        Page::post(ALL, "AddIssuer", ISSUERS, "Accept the tokens of an external issuer").told(
            "Its JWTs are accepted as Bearer tokens wherever ours are, within a second. They are signed with RS256, ES256 \
             or EdDSA by a key of `jwks_url`, name it by `kid`, and have `iss`, `aud`, `sub` and `exp`, a day ahead at the \
             most. What they allow is what `claims` makes of theirs. Keys are fetched every five minutes, and at once for \
             a `kid` that is not known, at most every 30 seconds; while the issuer is away they are good for an hour.",
        ),
        async |ctx: &AdminContext, call: Sent<(), issuers::AddIssuer>| issuers::add(ctx, call.body).await,
    );
    visitor.visit(
        Page::get(ONE, "GetIssuer", ISSUERS, "See an issuer"),
        async |ctx: &AdminContext, call: Read<IssuerId>| issuers::get(ctx, call.path).await,
    );
    visitor.visit(
        Page::change(Method::PATCH, ONE, "ChangeIssuer", ISSUERS, "Change what is accepted of an issuer")
            .told("Tokens that were let in before are looked at anew, on every replica within a second."),
        async |ctx: &AdminContext, call: Sent<IssuerId, issuers::ChangeIssuer>| {
            issuers::change(ctx, call.path, call.body).await
        },
    );
    visitor.visit(
        Page::change(Method::DELETE, ONE, "RemoveIssuer", ISSUERS, "Accept an issuer's tokens no longer")
            .told("They are refused on every replica within a second."),
        async |ctx: &AdminContext, call: Read<IssuerId>| issuers::remove(ctx, call.path).await,
    );
}
