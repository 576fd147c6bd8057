//! Pulls: in order, in pages, waiting, and after the retention.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{PULL, about, get, published, pull, reader, receive, sequences, texts};
use crate::support::{Client, Credentials, PATIENCE, Tenant, TestApp, eventually, superuser};

/// How many events are read while they are being received: `GROUPGATE_PULLED_EVENTS`.
const PULLED: usize = 10_000;

/// How many calls the key has left after a look, which is one.
async fn calls_left(client: &Client, key: &Credentials, tenant: &Tenant) -> u64 {
    let path = format!("{PULL}{}", about(tenant, ""));
    let looked = client.send("HEAD", &path, &[("authorization", &key.basic())], Vec::new()).await;
    let told = looked.header("ratelimit").unwrap();
    told.split(';').find_map(|part| part.strip_prefix("r=")).unwrap().parse().unwrap()
}

#[actix_web::test]
async fn the_events_behind_a_place_are_given_in_their_order() {
    let app = TestApp::start().await;
    let key = reader(&app, &app.first).await;
    let nothing = pull(&app.client, &key, &app.first, "").await.expect(200, "OK");
    assert_eq!(nothing["Data"], json!({"List": [], "Next": 0}));
    receive(&app.client, &app.first, &texts("message", 5)).await;
    let data = published(&app, &key, &app.first, 5).await;
    assert_eq!((sequences(&data["List"]), &data["Next"]), (vec![1, 2, 3, 4, 5], &json!(5)));
    let event = &data["List"][0];
    assert!(event["Id"].as_str().unwrap().starts_with("evt_"), "{event}");
    assert_eq!((&event["Type"], &event["CustSpaceId"]), (&json!("message.received"), &json!("cams-demo1")));
    assert_eq!(event["Data"]["Content"], json!({"body": "message-0"}), "{event}");
    for (more, expected, next) in [
        ("&After=3", vec![4, 5], 5),
        ("&After=1&Limit=2", vec![2, 3], 3),
        ("&After=5", vec![], 5),
        ("&After=0&Limit=1", vec![1], 1),
    ] {
        let data = pull(&app.client, &key, &app.first, more).await.expect(200, "OK")["Data"].clone();
        assert_eq!((sequences(&data["List"]), &data["Next"]), (expected, &json!(next)), "{more}");
    }
}

#[actix_web::test]
async fn a_pull_that_waits_is_answered_by_what_another_replica_routes() {
    let app = TestApp::start().await;
    let key = reader(&app, &app.first).await;
    let (other, running) = app.replica().await;
    let begun = Instant::now();
    let waited = pull(&other, &key, &app.first, "&WaitSeconds=1").await.expect(200, "OK");
    assert_eq!(waited["Data"], json!({"List": [], "Next": 0}), "nothing came");
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());

    let begun = Instant::now();
    let sending = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        receive(&app.client, &app.first, &texts("late", 1)).await;
    };
    let (answer, again, ()) = tokio::join!(
        pull(&other, &key, &app.first, "&WaitSeconds=30"),
        pull(&app.client, &key, &app.first, "&After=0&WaitSeconds=30"),
        sending
    );
    for answer in [answer, again] {
        assert_eq!(sequences(&answer.expect(200, "OK")["Data"]["List"]), [1]);
    }
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
    running.stop(Duration::ZERO).await;
}

#[actix_web::test]
async fn a_pull_that_waits_is_answered_when_the_gateway_stops() {
    let app = TestApp::start().await;
    let key = reader(&app, &app.first).await;
    let many = [("GROUPGATE_RATE_PER_KEY", "1/h;burst=10000"), ("GROUPGATE_RATE_PER_TENANT", "off")];
    let (other, running) = app.replica_with(&many).await;
    let mut left = calls_left(&other, &key, &app.first).await;
    let stopping = async {
        eventually("the pull has been let in", async || {
            left -= 1;
            (calls_left(&other, &key, &app.first).await < left).then_some(())
        })
        .await;
        running.stop(PATIENCE).await;
    };
    let begun = Instant::now();
    let (answer, ()) = tokio::join!(pull(&other, &key, &app.first, "&WaitSeconds=30"), stopping);
    assert_eq!(answer.expect(200, "OK")["Data"]["List"], json!([]));
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
}

#[actix_web::test]
async fn whoever_would_miss_an_event_is_told_which_is_the_oldest() {
    let app = TestApp::start().await;
    let key = reader(&app, &app.first).await;
    receive(&app.client, &app.first, &texts("message", 6)).await;
    published(&app, &key, &app.first, 6).await;
    let mut database = superuser(&app.database).await;
    sqlx::query("delete from events where sequence <= 3").execute(&mut database).await.unwrap();

    let expired = pull(&app.client, &key, &app.first, "&After=1").await.expect(410, "EventsExpired");
    assert_eq!(expired["OldestSequence"], 4);
    let message = expired["Message"].as_str().unwrap();
    assert!(message.contains("the oldest has the Sequence 4") && message.contains("After=3"), "{message}");
    let kept = pull(&app.client, &key, &app.first, "&After=3").await.expect(200, "OK");
    assert_eq!(sequences(&kept["Data"]["List"]), [4, 5, 6]);
    let from_the_oldest = pull(&app.client, &key, &app.first, "").await.expect(200, "OK");
    assert_eq!(sequences(&from_the_oldest["Data"]["List"]), [4, 5, 6]);
    let stream = get(&app.client, &key, &format!("/v1/events/stream{}", about(&app.first, "&After=2"))).await;
    assert_eq!(stream.expect(410, "EventsExpired")["OldestSequence"], 4);

    sqlx::query("delete from events where sequence = 5").execute(&mut database).await.unwrap();
    let before_the_hole = pull(&app.client, &key, &app.first, "").await.expect(200, "OK");
    assert_eq!(before_the_hole["Data"]["Next"], 4);
    let at_the_hole = pull(&app.client, &key, &app.first, "&After=4").await.expect(410, "EventsExpired");
    assert_eq!(at_the_hole["OldestSequence"], 6);

    let ahead = pull(&app.client, &key, &app.first, "&After=7").await.expect(400, "InvalidParameter");
    let message = ahead["Message"].as_str().unwrap();
    assert!(message.contains("`After` is wrong: \"7\"") && message.contains("the last one has 6"), "{message}");
}

#[actix_web::test]
async fn every_wrong_parameter_is_named() {
    let app = TestApp::start().await;
    let key = reader(&app, &app.first).await;
    for (more, code, named) in [
        ("&Limit=0", "InvalidParameter", "`Limit`"),
        ("&WaitSeconds=31", "InvalidParameter", "`WaitSeconds`"),
        ("&After=-1", "InvalidParameter", "`After`"),
        ("&Type=group.*", "InvalidParameter", "`Type` is not a parameter"),
        ("&CustSpaceId=cams-demo2", "InvalidParameter", "`CustSpaceId` was sent twice"),
    ] {
        let refused = pull(&app.client, &key, &app.first, more).await.expect(400, code);
        assert!(refused["Message"].as_str().unwrap().contains(named), "{more}: {refused}");
    }
    let refused = get(&app.client, &key, PULL).await.expect(400, "MissingParameter");
    assert!(refused["Message"].as_str().unwrap().contains("`CustSpaceId`"), "{refused}");
}

#[actix_web::test]
async fn events_are_read_in_pages_without_a_gap_while_they_come() {
    let count = std::env::var("GROUPGATE_PULLED_EVENTS").map_or(PULLED, |count| count.parse().unwrap());
    let app = TestApp::with(&[("GROUPGATE_RATE_PER_KEY", "off"), ("GROUPGATE_RATE_PER_TENANT", "off")]).await;
    let key = reader(&app, &app.first).await;
    let sending = async {
        for batch in texts("one-of-many", count).chunks(1000) {
            receive(&app.client, &app.first, batch).await;
        }
    };
    let reading = async {
        let (mut next, mut read, mut pages) = (0, Vec::new(), 0);
        eventually("all events are read", async || {
            let more = format!("&After={next}&Limit=777&WaitSeconds=5");
            let data = pull(&app.client, &key, &app.first, &more).await.expect(200, "OK")["Data"].clone();
            read.extend(data["List"].as_array().unwrap().iter().map(|event| {
                (event["Sequence"].as_i64().unwrap(), event["Data"]["MessageId"].as_str().unwrap().to_owned())
            }));
            next = data["Next"].as_i64().unwrap();
            pages += 1;
            (read.len() >= count).then_some(())
        })
        .await;
        (read, pages)
    };
    let ((read, pages), ()) = tokio::join!(reading, sending);
    let expected = i64::try_from(count).unwrap();
    assert!(read.iter().map(|(sequence, _)| *sequence).eq(1..=expected), "{pages} pages");
    let mut ids: Vec<&String> = read.iter().map(|(_, id)| id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "each event once");
}
