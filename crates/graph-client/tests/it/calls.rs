//! What arrives: Meta's answers, in every spelling that its documents have.

use graph_client::{GraphError, GroupField, JoinApprovalMode, ListPage, NewGroup, NewSettings};

use crate::support::{Graph, Reply, call, group, number, response, token};

const NEW: NewGroup<'_> = NewGroup { subject: "S", description: None, join_approval_mode: None };

#[actix_rt::test]
async fn a_creation_is_accepted_with_the_id_that_its_webhook_will_carry() {
    let graph = Graph::answering(200, r#"{"messaging_product":"whatsapp","request_id":"784D"}"#).await;
    let answer = graph.client().create_group(call(&token()), &number(), &NEW).await.unwrap();
    assert_eq!(answer.body.request_id.as_deref(), Some("784D"));
    assert_eq!(answer.status, 200);
}

#[actix_rt::test]
async fn a_change_is_accepted_also_where_meta_gives_no_id() {
    for body in ["", "{}", r#"{"success":true}"#, r#"{"request_id":""}"#, r#"{"request_id":null}"#] {
        let graph = Graph::answering(200, body).await;
        let answer = graph.client().delete_group(call(&token()), &group()).await.unwrap();
        assert_eq!(answer.body.request_id, None, "{body}");
    }
}

#[actix_rt::test]
async fn a_change_that_meta_denies_is_not_accepted() {
    let (settings, token) = (NewSettings { subject: Some("S"), ..NewSettings::default() }, token());
    for body in [r#"{"success":false}"#, r#"{"success":"false"}"#] {
        let graph = Graph::answering(200, body).await;
        let (client, call) = (graph.client(), || call(&token));
        let denied = [
            client.create_group(call(), &number(), &NEW).await,
            client.update_group(call(), &group(), &settings).await,
            client.delete_group(call(), &group()).await,
        ];
        for answer in denied {
            assert!(matches!(answer, Err(GraphError::NotDone { status: 200 })), "{body}: {answer:?}");
        }
        let decided = client.approve_join_requests(call(), &group(), &["JR1"]).await;
        assert!(matches!(decided, Err(GraphError::NotDone { status: 200 })), "{body}: {decided:?}");
    }
}

#[actix_rt::test]
async fn group_info_is_read_as_the_reference_types_it() {
    let graph = Graph::answering(
        200,
        r#"{"messaging_product":"whatsapp","id":"G","subject":"S","creation_timestamp":683731200,
            "suspended":false,"description":"D","total_participant_count":2,"unknown":{"a":[1]},
            "participants":[{"wa_id":"2228675309"}],"join_approval_mode":"auto_approve"}"#,
    )
    .await;
    let info = graph.client().group_info(call(&token()), &group(), &GroupField::ALL).await.unwrap().body;
    assert_eq!((info.id.as_deref(), info.subject.as_deref()), (Some("G"), Some("S")));
    assert_eq!(info.description.as_deref(), Some("D"));
    assert_eq!((info.creation_timestamp, info.suspended), (Some(683_731_200), Some(false)));
    assert_eq!(info.total_participant_count, Some(2));
    assert_eq!(info.participants.unwrap()[0].wa_id.as_deref(), Some("2228675309"));
    assert_eq!(info.join_approval_mode, Some(JoinApprovalMode::AutoApprove));
}

#[actix_rt::test]
async fn group_info_is_read_as_the_guide_quotes_it() {
    let graph = Graph::answering(
        200,
        r#"{"creation_timestamp":"683731200","suspended":"true","total_participant_count":"1",
            "participants":[{"wa_id":"","user_id":"US.13491208655302741918","username":"u"}],
            "join_approval_mode":"by_lottery"}"#,
    )
    .await;
    let info = graph.client().group_info(call(&token()), &group(), &[]).await.unwrap().body;
    assert_eq!((info.creation_timestamp, info.suspended), (Some(683_731_200), Some(true)));
    assert_eq!((info.total_participant_count, info.join_approval_mode), (Some(1), None));
    let participant = &info.participants.unwrap()[0];
    assert_eq!(participant.wa_id, None);
    assert_eq!(participant.user_id.as_deref(), Some("US.13491208655302741918"));
}

#[actix_rt::test]
async fn a_number_is_read_as_far_as_meta_says_anything_of_it() {
    let body = r#"{"id":"1","verified_name":"Shop","quality_rating":"GREEN","status":"LINKED","is_official_business_account":"true"}"#;
    let graph = Graph::answering(200, body).await;
    let info = graph.client().number_info(call(&token()), &number()).await.unwrap().body;
    assert_eq!((info.verified_name.as_deref(), info.quality_rating.as_deref()), (Some("Shop"), Some("GREEN")));
    assert_eq!((info.status.as_deref(), info.is_official_business_account), (Some("LINKED"), Some(true)));
    let asked = graph.request().target;
    let fields = "fields=verified_name%2Cquality_rating%2Cstatus%2Cis_official_business_account";
    assert!(asked.contains(fields), "{asked}");
    let graph = Graph::answering(200, r#"{"id":"1","quality_rating":null}"#).await;
    let info = graph.client().number_info(call(&token()), &number()).await.unwrap().body;
    assert_eq!(info, graph_client::NumberInfo::default());
}

#[actix_rt::test]
async fn a_page_of_groups_leads_to_the_next_one() {
    let graph = Graph::answering(
        200,
        r#"{"data":{"groups":[{"id":"G1","subject":"S","created_at":"1755548877"},{"id":"G2","created_at":7}]},
            "paging":{"cursors":{"after":"AFTER","before":"B"},"next":"https://graph.facebook.com/x?after=AFTER"}}"#,
    )
    .await;
    let page = graph.client().list_groups(call(&token()), &number(), &ListPage::default()).await.unwrap().body;
    assert_eq!(page.after.as_deref(), Some("AFTER"));
    let groups = page.groups.unwrap();
    assert_eq!((groups[0].id.as_str(), groups[0].created_at), ("G1", Some(1_755_548_877)));
    assert_eq!((groups[1].subject.as_deref(), groups[1].created_at), (None, Some(7)));
}

#[actix_rt::test]
async fn the_last_page_leads_nowhere_although_it_has_cursors() {
    let body = r#"{"data":{"groups":[]},"paging":{"cursors":{"after":"A","before":"B"}}}"#;
    let graph = Graph::answering(200, body).await;
    let page = graph.client().list_groups(call(&token()), &number(), &ListPage::default()).await.unwrap().body;
    assert_eq!((page.groups.map(|groups| groups.len()), page.after), (Some(0), None));
}

#[actix_rt::test]
async fn a_cursor_is_found_in_the_next_link_alone() {
    let body = r#"{"data":{"groups":[]},"paging":{"next":"https://h/x?limit=1&after=A%3D"}}"#;
    let graph = Graph::answering(200, body).await;
    let page = graph.client().list_groups(call(&token()), &number(), &ListPage::default()).await.unwrap().body;
    assert_eq!(page.after.as_deref(), Some("A="));
}

#[actix_rt::test]
async fn an_answer_without_groups_is_no_empty_list() {
    for body in [
        "{}",
        r#"{"data":[]}"#,
        r#"{"data":{}}"#,
        r#"{"data":null,"paging":null}"#,
        r#"{"data":{"groups":[{"id":"a/b"}]}}"#,
    ] {
        let graph = Graph::answering(200, body).await;
        let page = graph.client().list_groups(call(&token()), &number(), &ListPage::default()).await.unwrap();
        assert_eq!(page.body.groups, None, "{body}");
    }
}

#[actix_rt::test]
async fn a_group_without_a_link_is_told_from_an_answer_that_is_not_metas() {
    let graph = Graph::answering(200, r#"{"messaging_product":"whatsapp"}"#).await;
    let answer = graph.client().invite_link(call(&token()), &group()).await.unwrap();
    assert_eq!(answer.body.invite_link, None);
    let graph = Graph::answering(200, "{}").await;
    assert!(graph.client().invite_link(call(&token()), &group()).await.is_err());
}

#[actix_rt::test]
async fn a_link_is_read_and_does_not_show_in_debug() {
    let graph = Graph::answering(200, r#"{"invite_link":"https://chat.whatsapp.com/L1"}"#).await;
    let answer = graph.client().invite_link(call(&token()), &group()).await.unwrap();
    assert_eq!(answer.body.invite_link.as_deref(), Some("https://chat.whatsapp.com/L1"));
    assert!(!format!("{answer:?}").contains("L1"));
}

#[actix_rt::test]
async fn a_removal_is_read_from_a_boolean_from_a_string_and_from_silence() {
    for (body, success) in [
        (r#"{"success":"true"}"#, true),
        (r#"{"success":true}"#, true),
        (r#"{"success":"false"}"#, false),
        ("{}", true),
    ] {
        let graph = Graph::answering(200, body).await;
        let answer = graph.client().delete_invite_link(call(&token()), &group()).await.unwrap();
        assert_eq!(answer.body.success, success, "{body}");
    }
}

#[actix_rt::test]
async fn a_partial_success_keeps_its_status() {
    let graph = Graph::answering(206, "{}").await;
    let answer = graph.client().delete_group(call(&token()), &group()).await.unwrap();
    assert_eq!(answer.status, 206);
}

#[actix_rt::test]
async fn usage_headers_come_with_the_answer() {
    let headers = [("X-App-Usage", r#"{"call_count":28,"total_time":25,"total_cputime":25}"#)];
    let graph = Graph::with(vec![Reply::Whole(response(200, &headers, "{}"))]).await;
    let answer = graph.client().delete_group(call(&token()), &group()).await.unwrap();
    assert_eq!(answer.usage.app.unwrap().call_count, Some(28));
    assert_eq!(answer.usage.business, None);
}

#[actix_rt::test]
async fn a_chunked_answer_is_read() {
    let bytes =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n12\r\n{\"invite_link\":\"L\"\r\n1\r\n}\r\n0\r\n\r\n";
    let graph = Graph::with(vec![Reply::Whole(bytes.to_vec())]).await;
    let answer = graph.client().invite_link(call(&token()), &group()).await.unwrap();
    assert_eq!(answer.body.invite_link.as_deref(), Some("L"));
}
