//! Answers that are none: broken off, not JSON, too large, from somebody else.

use graph_client::{Acted, GraphClient, GraphError, Unreadable};
use tokio::net::TcpListener;

use crate::support::{Graph, Reply, call, group, response, token};

async fn read_fails(graph: &Graph) -> GraphError {
    graph.client().invite_link(call(&token()), &group()).await.unwrap_err()
}

async fn change_fails(graph: &Graph) -> GraphError {
    graph.client().reset_invite_link(call(&token()), &group()).await.unwrap_err()
}

/// Asserts on what is wrong with an answer, and on what it leaves open of a change.
async fn unreadable(reply: Reply, expected: Unreadable, acted: Acted) {
    let error = change_fails(&Graph::with(vec![reply]).await).await;
    let GraphError::Unreadable { why, .. } = &error else { panic!("{error:?}") };
    assert_eq!((why, error.acted()), (&expected, acted));
}

fn with_content_type(status: u16, content_type: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Whole(
        format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\n{headers}content-length: {length}\r\n\r\n{body}"
        )
        .into_bytes(),
    )
}

#[actix_rt::test]
async fn nobody_listening_means_that_nothing_happened() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let graph = Graph::answering(200, "{}").await;
    let mut settings = graph.settings();
    settings.base_url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
    drop(listener);
    let client = GraphClient::new(&settings).unwrap();
    let error = client.reset_invite_link(call(&token()), &group()).await.unwrap_err();
    assert!(matches!(error, GraphError::Connect { .. }), "{error:?}");
    assert_eq!(error.acted(), Acted::No);
}

#[actix_rt::test]
async fn a_name_that_does_not_resolve_is_a_connection_that_failed() {
    let mut settings = Graph::answering(200, "{}").await.settings();
    settings.base_url = "http://graph.invalid".parse().unwrap();
    let client = GraphClient::new(&settings).unwrap();
    let error = client.reset_invite_link(call(&token()), &group()).await.unwrap_err();
    assert_eq!(error.acted(), Acted::No, "{error:?}");
}

#[actix_rt::test]
async fn a_connection_closed_in_place_of_an_answer_leaves_a_change_open() {
    for bytes in [&b""[..], b"HTTP/1.1 200 O"] {
        let graph = Graph::with(vec![Reply::Cut(bytes.to_vec())]).await;
        let error = change_fails(&graph).await;
        assert!(matches!(error, GraphError::Disconnected { sent: true, .. }), "{error:?}");
        assert_eq!(error.acted(), Acted::Unknown);
        assert_eq!(graph.requests().len(), 1, "a change is never sent again");
    }
}

#[actix_rt::test]
async fn a_read_whose_connection_was_closed_is_sent_once_more() {
    let whole = response(200, &[], r#"{"invite_link":"L"}"#);
    let graph = Graph::with(vec![Reply::Cut(Vec::new()), Reply::Whole(whole)]).await;
    let answer = graph.client().invite_link(call(&token()), &group()).await.unwrap();
    assert_eq!(answer.body.invite_link.as_deref(), Some("L"));
}

#[actix_rt::test]
async fn what_is_not_http_is_a_broken_connection() {
    let graph = Graph::with(vec![Reply::Cut(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec())]).await;
    let error = change_fails(&graph).await;
    assert!(matches!(error, GraphError::Disconnected { .. }), "{error:?}");
}

#[actix_rt::test]
async fn a_body_shorter_than_its_length_broke_off() {
    let mut bytes = response(200, &[], r#"{"invite_link":"L"}"#);
    bytes.truncate(bytes.len() - 3);
    unreadable(Reply::Cut(bytes), Unreadable::CutOff, Acted::Unknown).await;
}

#[actix_rt::test]
async fn an_empty_body_that_was_to_be_longer_is_no_success() {
    let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n".to_vec();
    let graph = Graph::with(vec![Reply::Cut(bytes)]).await;
    let error = graph.client().delete_group(call(&token()), &group()).await.unwrap_err();
    assert_eq!(error.acted(), Acted::Unknown, "{error:?}");
}

#[actix_rt::test]
async fn json_that_ends_too_early_is_not_json() {
    let expected = Unreadable::NotJson { content_type: "application/json".into(), length: 9 };
    unreadable(Reply::Whole(response(200, &[], r#"{"invite_"#)), expected, Acted::Unknown).await;
}

#[actix_rt::test]
async fn a_page_of_html_is_no_answer_whatever_its_status() {
    let html = |status| with_content_type(status, "text/html", "", "<html>");
    let (content_type, length) = ("text/html".to_owned(), 6);
    let not_json = Unreadable::NotJson { content_type: content_type.clone(), length };
    unreadable(html(200), not_json, Acted::Unknown).await;
    let no_object = Unreadable::NoErrorObject { content_type, length };
    unreadable(html(502), no_object.clone(), Acted::Unknown).await;
    unreadable(html(404), no_object, Acted::No).await;
}

#[actix_rt::test]
async fn a_read_that_is_answered_with_nothing_is_not_an_empty_object() {
    for bytes in [response(200, &[], ""), b"HTTP/1.1 200 OK\r\n\r\n".to_vec()] {
        let graph = Graph::with(vec![Reply::Cut(bytes)]).await;
        let error = graph.client().group_info(call(&token()), &group(), &[]).await.unwrap_err();
        assert!(matches!(error, GraphError::Unreadable { status: 200, .. }), "{error:?}");
    }
}

#[actix_rt::test]
async fn an_answer_that_lacks_the_link_names_it() {
    let reply = Reply::Whole(response(200, &[], r#"{"messaging_product":"whatsapp"}"#));
    let graph = Graph::with(vec![reply]).await;
    let error = change_fails(&graph).await.to_string();
    assert!(error.contains("missing field `invite_link`"), "{error}");
}

#[actix_rt::test]
async fn a_value_of_another_type_is_not_repeated_in_the_error() {
    let reply = Reply::Whole(response(200, &[], r#"{"invite_link":{"url":"https://chat.whatsapp.com/L1"}}"#));
    let error = read_fails(&Graph::with(vec![reply]).await).await;
    assert!(!format!("{error} {error:?}").contains("L1"));
}

#[actix_rt::test]
async fn an_answer_over_the_limit_is_not_read_to_its_end() {
    let body = format!(r#"{{"invite_link":"{}"}}"#, "L".repeat(5_000_000));
    let limit = 4 * 1024 * 1024;
    let whole = Reply::Whole(response(200, &[], &body));
    unreadable(whole, Unreadable::TooLarge { limit }, Acted::Unknown).await;
    let chunk = format!("{:x}\r\n{body}\r\n", body.len());
    let endless = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}");
    let endless = Reply::Whole(endless.into_bytes());
    unreadable(endless, Unreadable::TooLarge { limit }, Acted::Unknown).await;
}

#[actix_rt::test]
async fn a_redirect_is_not_followed_and_names_only_the_host() {
    let other = Graph::answering(200, r#"{"invite_link":"stolen"}"#).await;
    let location = format!("location: http://{}/x?appsecret_proof=abc\r\n", other.address());
    let graph = Graph::with(vec![with_content_type(307, "text/plain", &location, "")]).await;
    let error = change_fails(&graph).await;
    let GraphError::Unreadable { status: 307, why: Unreadable::Redirect { to }, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!((to.as_str(), error.acted()), ("127.0.0.1", Acted::Unknown));
    assert!(other.requests().is_empty());
}

#[actix_rt::test]
async fn no_error_holds_the_token_or_the_proof() {
    let refused = response(401, &[], r#"{"error":{"message":"EAAGabcdefghijklmnop","code":190}}"#);
    for reply in [
        Reply::Cut(Vec::new()),
        Reply::Whole(refused),
        Reply::Whole(response(500, &[], "x")),
        Reply::Cut(b"garbage\r\n\r\n".to_vec()),
    ] {
        let error = change_fails(&Graph::with(vec![reply]).await).await;
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("EAAG") && !shown.contains("appsecret"), "{shown}");
    }
}

#[actix_rt::test]
async fn an_error_object_is_one_however_it_is_spaced_and_a_list_is_no_answer() {
    for body in [
        r#"{ "error" : {"code":190,"message":"m","type":"t"}}"#,
        "\n{\"x\":1,\"error\":{\"code\":190,\"message\":\"m\"}}",
    ] {
        let graph = Graph::with(vec![Reply::Whole(response(200, &[], body))]).await;
        assert!(matches!(change_fails(&graph).await, GraphError::Refused(_)), "{body}");
    }
    let graph = Graph::with(vec![Reply::Whole(response(200, &[], "[]"))]).await;
    assert!(matches!(change_fails(&graph).await, GraphError::Unreadable { .. }));
}

#[actix_rt::test]
async fn metas_words_have_a_bound() {
    let body = format!(r#"{{"error":{{"code":100,"message":"{}"}}}}"#, "x".repeat(200_000));
    let graph = Graph::with(vec![Reply::Whole(response(400, &[], &body))]).await;
    assert!(read_fails(&graph).await.to_string().len() < 2_000);
}
