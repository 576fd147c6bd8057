//! Connections that have rested: what may have come meanwhile, and what one that breaks says of the others.

use std::{
    future::poll_fn,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    pin::pin,
    sync::{Arc, Barrier},
    task::Poll,
    thread,
    time::Duration,
};

use graph_client::{Acted, GraphClient, GraphError, GraphSettings};

use crate::support::{Graph, Reply, all_answered, call, group, response, token};

fn whole() -> Vec<u8> {
    response(200, &[], r#"{"invite_link":"L"}"#)
}

fn poison() -> Vec<u8> {
    response(200, &[], r#"{"invite_link":"poisoned"}"#)
}

/// Which connections the requests came by.
fn connections(graph: &Graph) -> Vec<usize> {
    graph.requests().iter().map(|request| request.connection).collect()
}

/// A server that answers a request over one connection and later one over another. In between, from the one turn to the
/// other, it sends these bytes over the first, or hangs up where there are none.
fn server(later: Vec<u8>) -> (SocketAddr, Arc<Barrier>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let turns = Arc::new(Barrier::new(2));
    let its_turns = Arc::clone(&turns);
    thread::spawn(move || {
        let mut first = answered(&listener);
        its_turns.wait();
        if later.is_empty() {
            drop(first);
        } else {
            first.write_all(&later).unwrap();
        }
        // Until it has come.
        thread::sleep(Duration::from_millis(50));
        its_turns.wait();
        answered(&listener);
    });
    (address, turns)
}

/// The next connection, with its request answered.
fn answered(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
    stream.write_all(&whole()).unwrap();
    stream
}

/// When a call is made, by what comes over the connection that rests.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Made {
    /// All of it has come.
    After,
    /// It waits for others whose requests are sent together with its own.
    Before,
}

/// The link that a call has, made then, where this comes over the connection that rests, of which the client's runtime could
/// not hear.
async fn link_beside(later: &[u8], made: Made, is_change: bool) -> String {
    let (address, turns) = server(later.to_vec());
    let client = GraphClient::new(&GraphSettings::new(format!("http://{address}").parse().unwrap())).unwrap();
    all_answered(&client, 1).await;
    // A task of its own goes on at once where it lets others go first: the runtime does not look at the network in between.
    let asking = actix_rt::spawn(async move {
        let (token, group) = (token(), group());
        let mut asked = pin!(async {
            if is_change {
                client.reset_invite_link(call(&token), &group).await.unwrap().body.invite_link
            } else {
                client.invite_link(call(&token), &group).await.unwrap().body.invite_link.unwrap()
            }
        });
        if made == Made::Before {
            let begun = poll_fn(|context| Poll::Ready(asked.as_mut().poll(context)));
            assert!(begun.await.is_pending());
        }
        turns.wait();
        turns.wait();
        asked.await
    });
    asking.await.unwrap()
}

#[actix_rt::test]
async fn a_change_is_never_sent_into_a_connection_that_its_server_has_closed() {
    for made in [Made::After, Made::Before] {
        assert_eq!(link_beside(b"", made, true).await, "L", "{made:?}");
    }
}

#[actix_rt::test]
async fn what_came_while_nobody_listened_is_no_answer_to_the_next_call() {
    for later in [poison(), b"x".to_vec()] {
        for (made, is_change) in
            [(Made::After, false), (Made::After, true), (Made::Before, false), (Made::Before, true)]
        {
            assert_eq!(link_beside(&later, made, is_change).await, "L", "{made:?}: {}", later.escape_ascii());
        }
    }
}

#[actix_rt::test]
async fn what_comes_behind_an_answer_later_is_no_answer_to_the_next_call() {
    for later in [poison(), b"x".to_vec()] {
        let graph = Graph::with(vec![Reply::Pieces(vec![whole(), later]), Reply::Whole(whole())]).await;
        let client = graph.client();
        all_answered(&client, 1).await;
        // Until the second piece has left.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let answer = client.invite_link(call(&token()), &group()).await.unwrap();
        assert_eq!(answer.body.invite_link.as_deref(), Some("L"));
        assert_eq!(connections(&graph), [1, 2]);
    }
}

#[actix_rt::test]
async fn where_one_breaks_the_others_are_not_tried_any_more() {
    let mut replies = vec![Reply::Whole(whole()); 3];
    replies.extend([Reply::Cut(Vec::new()), Reply::Whole(whole())]);
    let graph = Graph::with(replies).await;
    let client = graph.client();
    all_answered(&client, 3).await;
    all_answered(&client, 1).await;
    let connections = connections(&graph);
    assert_eq!((connections.len(), connections[4]), (5, 4), "{connections:?}");
}

#[actix_rt::test]
async fn a_server_that_gave_up_waiting_is_asked_anew_by_a_read_over_a_new_connection() {
    let gave_up = || Reply::Whole(response(408, &[("connection", "close")], ""));
    let graph = Graph::with(vec![Reply::Whole(whole()), gave_up(), Reply::Whole(whole())]).await;
    let client = graph.client();
    for _ in 0..2 {
        all_answered(&client, 1).await;
    }
    assert_eq!(connections(&graph), [1, 1, 2]);

    let graph = Graph::with(vec![Reply::Whole(whole()), gave_up()]).await;
    let client = graph.client();
    all_answered(&client, 1).await;
    let error = client.reset_invite_link(call(&token()), &group()).await.unwrap_err();
    assert!(matches!(error, GraphError::Unreadable { status: 408, .. }), "{error}");
    assert_eq!((error.acted(), graph.requests().len()), (Acted::Unknown, 2));

    let graph = Graph::with(vec![gave_up()]).await;
    let error = graph.client().invite_link(call(&token()), &group()).await.unwrap_err();
    assert!(matches!(error, GraphError::Unreadable { status: 408, .. }), "what has not rested has not waited: {error}");
    assert_eq!(graph.requests().len(), 1);
}
