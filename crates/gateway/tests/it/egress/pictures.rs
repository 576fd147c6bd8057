//! A picture out of a parameter: written in it, or fetched from the URL in it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cams_api::Code;
use cams_api::identifiers::CustSpaceId;
use futures_util::future::join_all;
use gateway::egress::NameServers;
use gateway::operations::OperationError;
use gateway::picture::{self, MAX_BYTES};
use tokio::time::Instant;

use super::{egress, to_loopback};
use crate::support::{Reply, WebServer, fixture};

fn tenant(nth: usize) -> CustSpaceId {
    format!("cams-{nth}").parse().unwrap()
}

async fn read(value: &str) -> Result<Vec<u8>, OperationError> {
    let picture = picture::from_parameter((&to_loopback(), &tenant(1)), value, None).await?;
    Ok(picture.into_bytes().to_vec())
}

async fn fetched(content_type: &str, body: &[u8]) -> Result<Vec<u8>, OperationError> {
    let server = WebServer::start(Reply::file(content_type, body)).await;
    read(&server.url("/picture.jpg")).await
}

#[track_caller]
fn is_told(result: Result<Vec<u8>, OperationError>, expected: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Code::InvalidParameter);
    let said = error.to_string();
    assert!(said.starts_with("`ProfilePictureFile` cannot be used. ") && said.contains(expected), "{said}");
}

#[actix_web::test]
async fn a_picture_is_taken_from_a_url_and_from_base64_alike() {
    let picture = fixture("pictures/baseline.jpg");
    assert_eq!(fetched("image/jpeg", &picture).await.unwrap(), picture);
    // What the server calls it does not count.
    assert_eq!(fetched("text/html", &picture).await.unwrap(), picture);
    assert_eq!(read(&STANDARD.encode(&picture)).await.unwrap(), picture);
    assert_eq!(read(&format!(" data:image/png;base64,{}\n", STANDARD.encode(&picture))).await.unwrap(), picture);
}

#[actix_web::test]
async fn a_picture_that_breaks_a_rule_is_refused_by_name_wherever_it_comes_from() {
    let cases = [
        ("pictures/1x1.jpg", "1 × 1 pixels"),
        ("pictures/191x191.jpg", "at least 192 × 192"),
        ("pictures/192x193.jpg", "must be square"),
        ("pictures/picture.png", "is a PNG"),
    ];
    for (name, rule) in cases {
        let picture = fixture(name);
        is_told(fetched("image/jpeg", &picture).await, rule);
        is_told(read(&STANDARD.encode(&picture)).await, rule);
    }
    is_told(fetched("image/jpeg", b"").await, "empty");
    is_told(read("picture.jpg").await, "neither a URL");
}

#[actix_web::test]
async fn a_picture_of_5_mb_and_a_byte_is_not_read_to_its_end() {
    let mut picture = fixture("pictures/baseline.jpg");
    picture.resize(MAX_BYTES, 0);
    assert_eq!(fetched("image/jpeg", &picture).await.unwrap().len(), MAX_BYTES);
    picture.push(0);
    is_told(fetched("image/jpeg", &picture).await, "larger than 5 MB");
    is_told(read(&STANDARD.encode(&picture)).await, "larger than 5 MB");
}

#[actix_web::test]
async fn a_url_that_leads_inside_is_refused_in_every_spelling() {
    let nothing_allowed = egress(&[], NameServers::System);
    let hosts = [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "169.254.169.254.",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::1]",
        "[fd00:ec2::254]",
        "pictures.example@169.254.169.254",
        "①⑥⑨.②⑤④.①⑥⑨.②⑤④",
        "localhost",
    ];
    for host in hosts {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}/latest/meta-data/");
            let error = picture::from_parameter((&nothing_allowed, &tenant(1)), &url, None).await.unwrap_err();
            assert_eq!(error.code(), Code::InvalidParameter, "{url}");
        }
    }
}

#[actix_web::test]
async fn a_caller_whose_time_is_over_is_told_that_and_not_that_the_picture_is_wrong() {
    let server = WebServer::start(Reply::Silence).await;
    let deadline = Some(Instant::now() + Duration::from_millis(200));
    let error = picture::from_parameter((&to_loopback(), &tenant(1)), &server.url("/"), deadline).await.unwrap_err();
    assert!(matches!(error, OperationError::Late { .. }), "{error:?}");
}

/// What a tenant is told whose picture would be fetched while these are.
async fn told_while_fetched(fetchers: usize, each: usize, tenant_of_one_more: usize) -> OperationError {
    let (egress, server) = (to_loopback(), WebServer::start(Reply::Silence).await);
    let (url, tenants) = (server.url("/"), (0..fetchers).map(tenant).collect::<Vec<_>>());
    let fetch = |tenant| picture::from_parameter((&egress, tenant), &url, None);
    let fetched = join_all(tenants.iter().flat_map(|tenant| (0..each).map(move |_| tenant)).map(fetch));
    let one_more = tenant(tenant_of_one_more);
    tokio::select! {
        biased;
        _ = fetched => panic!("a silent server answered"),
        told = fetch(&one_more) => told.unwrap_err(),
    }
}

#[actix_web::test]
async fn who_comes_while_all_is_taken_is_told_to_come_back_and_not_that_the_url_is_wrong() {
    let own = told_while_fetched(1, 4, 0).await;
    assert_eq!((own.code(), own.retry_after()), (Code::ThrottlingTenant, Some(Duration::from_secs(1))));
    assert_eq!(told_while_fetched(16, 4, 16).await.code(), Code::ServiceUnavailable);
}
