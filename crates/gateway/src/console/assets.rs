//! The style sheet, the script and the icon, under names that change with what is in them, so that browsers keep them for ever.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::{Bytes, Path};
use aws_lc_rs::digest::{SHA256, digest};

use super::ROOT;
use super::error::{ConsoleError, no_page};

struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: &'static [u8],
}

const ASSETS: [Asset; 3] = [
    Asset {
        name: "console.css",
        media_type: "text/css; charset=utf-8",
        content: include_bytes!("../../assets/console/console.css"),
    },
    Asset {
        name: "console.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_bytes!("../../assets/console/console.js"),
    },
    Asset { name: "icon.svg", media_type: "image/svg+xml", content: include_bytes!("../../assets/console/icon.svg") },
];

/// The names that the assets are served under.
static NAMES: LazyLock<[String; 3]> = LazyLock::new(|| {
    ASSETS.map(|asset| {
        let sum = hex::encode(digest(&SHA256, asset.content));
        format!("{}-{}", &sum[..16], asset.name)
    })
});

/// Where an asset stands.
pub(super) fn path(name: &str) -> String {
    let served = ASSETS.iter().zip(NAMES.iter()).find(|(asset, _)| asset.name == name);
    format!("{ROOT}/assets/{}", served.map_or(name, |(_, served)| served))
}

/// An asset.
pub(super) async fn get(name: Path<String>) -> Result<HttpResponse, ConsoleError> {
    let asset = ASSETS.iter().zip(NAMES.iter()).find(|(_, served)| **served == *name);
    let Some((asset, _)) = asset else { return Err(no_page()) };
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, asset.media_type));
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")));
    Ok(response.body(Bytes::from_static(asset.content)))
}
