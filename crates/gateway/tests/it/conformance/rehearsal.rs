//! Every operation done once, and what was asked of Meta for it.

use tokio::sync::OnceCell;

use super::cases::{Case, cases};
use super::recorder::{Exchange, Recorder, Way};
use super::stage::Stage;

/// What the sandbox refuses, as Meta does: nobody is added by hand, and no cursor is made up.
pub(super) fn refused(case: &Case) -> Option<&'static str> {
    match (case.operation, case.name.as_str()) {
        ("AddChatGroupParticipants", _) => Some("Credential.Forbidden"),
        ("ListChatGroupJoinRequests", "behind a cursor") => Some("Upstream.Rejected"),
        _ => None,
    }
}

/// What each case came to.
pub(super) struct Rehearsal(Vec<(Case, Vec<Exchange>)>);

/// The rehearsal, held once for all tests.
pub(super) async fn rehearsed() -> &'static Rehearsal {
    static HELD: OnceCell<Rehearsal> = OnceCell::const_new();
    HELD.get_or_init(rehearse).await
}

async fn rehearse() -> Rehearsal {
    let recorder = Recorder::start();
    let mut stage = Stage::new(&[("GROUPGATE_GRAPH_URL", &recorder.url)]).await;
    recorder.lead_to(&stage.app.sandbox.url);
    stage.prepare().await;
    recorder.take();
    let mut held = Vec::new();
    for case in cases() {
        let answer = stage.call(&case.patient()).await;
        assert_eq!(answer.code(), refused(&case).unwrap_or("OK"), "{}, {}: {}", case.operation, case.name, answer.text);
        let exchanges = recorder.take();
        assert!(!exchanges.is_empty(), "{} asks Meta", case.operation);
        held.push((case, exchanges));
    }
    Rehearsal(held)
}

impl Rehearsal {
    /// What a case asks of Meta, in order.
    pub(super) fn calls(&self, case: &Case) -> &[Exchange] {
        let same = |(held, _): &&(Case, _)| held.operation == case.operation && held.name == case.name;
        &self.0.iter().find(same).unwrap().1
    }

    /// The cases that ask Meta in different ways: those of an operation that differ only in what they say are one.
    pub(super) fn ways(&self) -> Vec<Case> {
        let is_new = |at: &usize| self.0[..*at].iter().all(|earlier| way(earlier) != way(&self.0[*at]));
        (0..self.0.len()).filter(is_new).map(|at| self.0[at].0.clone()).collect()
    }

    /// Everything that was asked and answered.
    pub(super) fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        self.0.iter().flat_map(|(_, exchanges)| exchanges)
    }
}

fn way((case, exchanges): &(Case, Vec<Exchange>)) -> (&str, Vec<Way<'_>>) {
    (case.operation, exchanges.iter().map(Exchange::way).collect())
}
