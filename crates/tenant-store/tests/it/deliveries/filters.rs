//! Which endpoints get which events.

use super::{Post, endpoint, event, of_beta};
use crate::helpers::BETA;

#[tokio::test]
async fn a_filter_names_types_or_the_beginning_of_types() {
    let post = Post::new().await;
    let cases: [(&[&str], &[&str]); 6] = [
        (&[], &["group.created", "group.participant.joined", "message.received"]),
        (&["group.created"], &["group.created"]),
        (&["group.*"], &["group.created", "group.participant.joined"]),
        (&["group.participant.*", "message.received"], &["group.participant.joined", "message.received"]),
        (&["grou.*", "group", "*", "%"], &[]),
        (&["message.sent"], &[]),
    ];
    let mut expected = Vec::new();
    for (types, fitting) in cases {
        expected.push((endpoint(post.alpha(), types).await, fitting));
    }
    let types = ["group.created", "group.participant.joined", "message.received"];
    post.publish_events(&types.map(|name| event(name, None))).await;
    let claimed = post.claim().await;
    for (id, fitting) in expected {
        let got: Vec<_> = claimed.iter().filter(|delivery| delivery.endpoint.id == id).collect();
        let got: Vec<_> = got.iter().map(|delivery| delivery.event.event_type.as_str()).collect();
        assert_eq!(got, fitting, "{id}");
    }
}

#[tokio::test]
async fn a_tenants_endpoint_gets_its_own_events_and_the_isvs_gets_all() {
    let post = Post::new().await;
    let beta = endpoint(post.store().space(BETA), &[]).await;
    let isv = endpoint(post.store().isv(), &[]).await;
    post.publish_events(&[event("group.created", None), of_beta(event("group.deleted", None))]).await;
    let mut got: Vec<_> = post.claim().await.iter().map(|it| (it.endpoint.id, it.event.event_type.clone())).collect();
    got.sort();
    let (created, deleted) = ("group.created".to_owned(), "group.deleted".to_owned());
    let mut expected = [(post.endpoint, created.clone()), (beta, deleted.clone()), (isv, created), (isv, deleted)];
    expected.sort();
    assert_eq!(got, expected);
}
