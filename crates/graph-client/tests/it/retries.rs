//! What is sent again, and what the guard is asked and told of it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use awc::{
    body::{BodyStream, BoxBody},
    http::{Method, header::HeaderValue},
};
use bytes::Bytes;
use futures_util::stream;
use graph_client::{
    Acted, Call, Effect, Ended, Forward, ForwardBody, GraphClient, GraphError, Guard, Held, Token, Try, Urgency,
};
use tokio::{net::TcpListener, time::Instant};

use crate::support::{Graph, Reply, group, response, token};

const TROUBLE: &str = r#"{"error":{"message":"An unexpected error","type":"OAuthException","code":2}}"#;
const THROTTLED: &str = r#"{"error":{"message":"Rate limit hit","type":"OAuthException","code":130429}}"#;
const LINK: &str = r#"{"invite_link":"L"}"#;

/// A guard that writes down what it is asked and told.
#[derive(Default)]
struct Notes {
    /// Which try, and how it ended.
    tries: RefCell<Vec<(u8, &'static str)>>,
    /// How many repetitions are asked for.
    asked: Cell<u32>,
    is_without_budget: bool,
    /// Admits no try but first ones.
    holds_repetitions: bool,
    /// Is called before each try.
    before: Option<Box<dyn Fn(u8)>>,
}

impl Guard for Notes {
    fn admit(&self, this: Try) -> Result<(), Held> {
        if let Some(before) = &self.before {
            before(this.nth);
        }
        if self.holds_repetitions && this.nth > 1 { Err(Held::Broken { until: Instant::now() }) } else { Ok(()) }
    }

    fn ended(&self, this: Try, how: Ended<'_>) {
        let how = match how {
            Ended::Answered(_) => "answered",
            Ended::Failed(GraphError::Refused(_)) => "refused",
            Ended::Failed(_) => "failed",
            Ended::GivenUp => "given up",
        };
        self.tries.borrow_mut().push((this.nth, how));
    }

    fn may_repeat(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        !self.is_without_budget
    }
}

impl Notes {
    fn call<'a>(&'a self, token: &'a Token) -> Call<'a> {
        Call::new(token, self, Urgency::Caller)
    }

    fn tries(&self) -> Vec<(u8, &'static str)> {
        self.tries.borrow().clone()
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    Reply::Whole(response(status, headers, body))
}

fn whole(status: u16, body: &str) -> Reply {
    answer(status, &[], body)
}

/// A port at which nobody listens, and a client that calls there.
async fn closed_port() -> (u16, GraphClient) {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let mut settings = Graph::answering(200, "{}").await.settings();
    settings.base_url.set_port(Some(port)).unwrap();
    (port, GraphClient::new(&settings).unwrap())
}

/// A guard that opens the port with a server as soon as a call is repeated, and the server once it is there.
fn opening(port: u16, reply: Reply) -> (Notes, Rc<RefCell<Option<Graph>>>) {
    let graph: Rc<RefCell<Option<Graph>>> = Rc::default();
    let opened = Rc::clone(&graph);
    let before = move |nth| {
        if nth == 2 {
            let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
            *opened.borrow_mut() = Some(Graph::at(listener, vec![reply.clone()]));
        }
    };
    (Notes { before: Some(Box::new(before)), ..Notes::default() }, graph)
}

fn forwarded(method: Method, body: ForwardBody) -> Forward {
    Forward { method, version: None, id: "1".to_owned(), edge: None, query: Vec::new(), user_agent: None, body }
}

fn json() -> ForwardBody {
    ForwardBody::Whole { content_type: HeaderValue::from_static("application/json"), bytes: "{}".into() }
}

#[actix_rt::test]
async fn a_change_that_found_nobody_is_sent_when_somebody_is_there() {
    let (port, client) = closed_port().await;
    let (notes, graph) = opening(port, whole(200, LINK));
    let answer = client.reset_invite_link(notes.call(&token()), &group()).await.unwrap();
    assert_eq!(answer.body.invite_link, "L");
    assert_eq!(notes.tries(), [(1, "failed"), (2, "answered")]);
    assert_eq!(graph.borrow().as_ref().unwrap().requests().len(), 1);
}

#[actix_rt::test]
async fn where_nobody_is_there_three_tries_are_made_of_a_read_and_of_a_change() {
    let (_, client) = closed_port().await;
    let notes = Notes::default();
    let read = client.invite_link(notes.call(&token()), &group()).await.unwrap_err();
    let change = client.delete_group(notes.call(&token()), &group()).await.unwrap_err();
    assert!(matches!((&read, &change), (GraphError::Connect { .. }, GraphError::Connect { .. })), "{read} {change}");
    assert_eq!(change.acted(), Acted::No);
    let three = [(1, "failed"), (2, "failed"), (3, "failed")];
    assert_eq!(notes.tries(), [three, three].concat());
}

#[actix_rt::test]
async fn metas_own_trouble_is_tried_again_with_a_read_and_never_with_a_change() {
    let mut half = response(200, &[], LINK);
    half.truncate(half.len() - 3);
    let failures = [whole(500, TROUBLE), whole(503, "away"), Reply::Cut(Vec::new()), Reply::Cut(half)];
    for failure in failures {
        let graph = Graph::with(vec![failure.clone(), failure.clone(), whole(200, LINK)]).await;
        let notes = Notes::default();
        let answer = graph.client().invite_link(notes.call(&token()), &group()).await.unwrap();
        assert_eq!(answer.body.invite_link.as_deref(), Some("L"));
        assert_eq!((graph.requests().len(), notes.tries().len()), (3, 3));

        let graph = Graph::with(vec![failure, whole(200, LINK)]).await;
        let error = graph.client().reset_invite_link(notes.call(&token()), &group()).await.unwrap_err();
        assert_eq!((error.acted(), graph.requests().len()), (Acted::Unknown, 1), "{error}");
    }
}

#[actix_rt::test]
async fn a_read_is_not_sent_a_fourth_time() {
    let graph = Graph::with(vec![whole(500, TROUBLE)]).await;
    let notes = Notes::default();
    let error = graph.client().invite_link(notes.call(&token()), &group()).await.unwrap_err();
    assert!(matches!(&error, GraphError::Refused(refusal) if refusal.code == 2), "{error}");
    assert_eq!(notes.tries(), [(1, "refused"), (2, "refused"), (3, "refused")]);
    assert_eq!((graph.requests().len(), notes.asked.get()), (3, 2));
}

#[actix_rt::test]
async fn a_throttle_is_waited_for_where_meta_names_a_short_time() {
    let graph = Graph::with(vec![answer(429, &[("retry-after", "1")], THROTTLED), whole(200, LINK)]).await;
    let notes = Notes::default();
    let begun = Instant::now();
    graph.client().reset_invite_link(notes.call(&token()), &group()).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(notes.tries(), [(1, "refused"), (2, "answered")]);
    for headers in [&[("retry-after", "3")][..], &[]] {
        let graph = Graph::with(vec![answer(429, headers, THROTTLED), whole(200, LINK)]).await;
        let error = graph.client().reset_invite_link(notes.call(&token()), &group()).await.unwrap_err();
        assert!(matches!(&error, GraphError::Refused(_)), "{error}");
        assert_eq!(graph.requests().len(), 1, "{headers:?}");
    }
}

#[actix_rt::test]
async fn a_proxys_throttle_is_waited_for_as_metas_and_its_time_is_told_where_that_is_long() {
    let throttled = |seconds| answer(429, &[("retry-after", seconds)], "slow down");
    let notes = Notes::default();
    let graph = Graph::with(vec![throttled("1"), whole(200, LINK)]).await;
    graph.client().reset_invite_link(notes.call(&token()), &group()).await.unwrap();
    assert_eq!(notes.tries(), [(1, "failed"), (2, "answered")]);
    for (seconds, told) in [("3", Some(Duration::from_secs(3))), ("0", None)] {
        let graph = Graph::with(vec![throttled(seconds), whole(200, LINK)]).await;
        let error = graph.client().reset_invite_link(notes.call(&token()), &group()).await.unwrap_err();
        assert_eq!((error.retry_after(), error.acted(), graph.requests().len()), (told, Acted::No, 1), "{error}");
    }
}

#[actix_rt::test]
async fn nothing_is_sent_again_for_a_caller_who_has_gone_or_whose_wait_would_end_too_late() {
    let token = token();
    for (reply, has) in [
        (whole(500, TROUBLE), Duration::ZERO),
        (answer(429, &[("retry-after", "1")], THROTTLED), Duration::ZERO),
        (answer(429, &[("retry-after", "2")], THROTTLED), Duration::from_secs(1)),
    ] {
        let graph = Graph::with(vec![reply]).await;
        let call = Call { repeat_until: Some(Instant::now() + has), ..Call::unguarded(&token) };
        let error = graph.client().invite_link(call, &group()).await.unwrap_err();
        assert!(matches!(error, GraphError::Refused(_)), "the first error is told: {error}");
        assert_eq!(graph.requests().len(), 1);
    }
}

#[actix_rt::test]
async fn the_guard_says_how_many_are_sent_again_and_is_asked_for_each() {
    let graph = Graph::with(vec![whole(500, TROUBLE)]).await;
    let spent = Notes { is_without_budget: true, ..Notes::default() };
    graph.client().invite_link(spent.call(&token()), &group()).await.unwrap_err();
    assert_eq!((spent.tries(), graph.requests().len()), (vec![(1, "refused")], 1));

    let holds = Notes { holds_repetitions: true, ..Notes::default() };
    let error = graph.client().invite_link(holds.call(&token()), &group()).await.unwrap_err();
    assert!(matches!(error, GraphError::Refused(_)), "what failed first tells more: {error}");
    assert_eq!((holds.tries(), graph.requests().len()), (vec![(1, "refused")], 2));
}

#[actix_rt::test]
async fn what_nobody_waits_for_is_left_to_who_does_it() {
    let graph = Graph::with(vec![whole(500, TROUBLE)]).await;
    let notes = Notes::default();
    let token = token();
    let call = Call::new(&token, &notes, Urgency::Background);
    graph.client().invite_link(call, &group()).await.unwrap_err();
    assert_eq!((graph.requests().len(), notes.asked.get()), (1, 0));
}

#[actix_rt::test]
async fn a_caller_in_a_hurry_says_nothing_of_meta() {
    let graph = Graph::with(vec![Reply::Silence]).await;
    let (notes, token) = (Notes::default(), token());
    let hurried = Call { deadline: Some(Instant::now() + Duration::from_millis(300)), ..notes.call(&token) };
    graph.client().invite_link(hurried, &group()).await.unwrap_err();
    assert_eq!(notes.tries(), [(1, "given up")]);
    let (client, group) = (graph.client(), group());
    let waiting = client.invite_link(notes.call(&token), &group);
    tokio::time::timeout(Duration::from_millis(300), waiting).await.unwrap_err();
    assert_eq!(notes.tries()[1..], [(1, "given up")]);
}

#[actix_rt::test]
async fn a_call_that_is_passed_on_goes_the_same_way() {
    let graph = Graph::with(vec![whole(500, TROUBLE), whole(200, "{}")]).await;
    let notes = Notes::default();
    let get = forwarded(Method::GET, ForwardBody::Empty);
    let answer = graph.client().forward(notes.call(&token()), get).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.refusal()), (200, None));
    assert_eq!(notes.tries(), [(1, "refused"), (2, "answered")]);

    let graph = Graph::with(vec![whole(500, TROUBLE)]).await;
    let notes = Notes::default();
    let get = forwarded(Method::GET, ForwardBody::Empty);
    let answer = graph.client().forward(notes.call(&token()), get).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.refusal().unwrap().code), (500, 2), "a refusal is an answer in the end");
    assert_eq!(graph.requests().len(), 3);
    let post = forwarded(Method::POST, json());
    graph.client().forward(notes.call(&token()), post).await.unwrap();
    assert_eq!(graph.requests().len(), 4);
}

#[actix_rt::test]
async fn a_change_that_is_passed_on_is_sent_again_where_it_was_not_sent_with_its_whole_body() {
    let (port, client) = closed_port().await;
    let (notes, graph) = opening(port, whole(200, "{}"));
    client.forward(notes.call(&token()), forwarded(Method::POST, json())).await.unwrap();
    assert_eq!(graph.borrow().as_ref().unwrap().request().body, "{}");
}

#[actix_rt::test]
async fn a_body_that_is_still_coming_is_sent_once_and_its_breaking_off_says_nothing_of_meta() {
    let streamed = || {
        let body = BoxBody::new(BodyStream::new(stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"piece"))])));
        ForwardBody::Stream { content_type: HeaderValue::from_static("text/plain"), body }
    };
    let (_, client) = closed_port().await;
    let notes = Notes::default();
    client.forward(notes.call(&token()), forwarded(Method::POST, streamed())).await.err().unwrap();
    let graph = Graph::with(vec![Reply::Cut(Vec::new()), whole(400, TROUBLE), whole(200, "{}")]).await;
    graph.client().forward(notes.call(&token()), forwarded(Method::POST, streamed())).await.err().unwrap();
    for _ in 0..2 {
        graph.client().forward(notes.call(&token()), forwarded(Method::POST, streamed())).await.unwrap();
    }
    assert_eq!(notes.tries(), [(1, "failed"), (1, "given up"), (1, "refused"), (1, "answered")]);
    assert_eq!(notes.asked.get(), 0);
}

#[actix_rt::test]
async fn a_code_of_embedded_signup_is_good_once_and_sent_once() {
    let graph = Graph::with(vec![Reply::Cut(Vec::new()), whole(200, r#"{"access_token":"EAA"}"#)]).await;
    let app = graph_client::App::new("1", &"secret".into()).unwrap();
    let error = graph.client().exchange_code(Call::unguarded(&token()), &app, &"AQ".into()).await.unwrap_err();
    assert!(matches!(error, GraphError::Disconnected { effect: Effect::Change, .. }), "{error}");
    assert_eq!((error.acted(), graph.requests().len()), (Acted::Unknown, 1));
}
