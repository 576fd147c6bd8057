//! The spans of a call's tries at Meta.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Instant, SystemTime};

use graph_client::{Ended, GraphError, Guard, Held, TraceHeaders, Try};

use super::call::CallTrace;
use super::context::TraceContext;
use super::span::{Kind, Span, attribute};
use crate::telemetry::metrics::{UpstreamEnd, effect_name};

/// What stands between one call and Meta, and tells of each of its tries.
pub(crate) struct TracedTries<'a> {
    trace: Rc<CallTrace>,
    guard: &'a dyn Guard,
    /// The try that is being made, where it is told of.
    open: RefCell<Option<Open>>,
}

struct Open {
    span: TraceContext,
    begun: SystemTime,
    since: Instant,
}

impl<'a> TracedTries<'a> {
    pub(super) fn new(trace: Rc<CallTrace>, guard: &'a dyn Guard) -> Self {
        Self { trace, guard, open: RefCell::default() }
    }

    fn tell(&self, open: &Open, this: Try, how: Ended<'_>) {
        let end = UpstreamEnd::of(how);
        let mut attributes = vec![
            attribute("groupgate.effect", effect_name(this.effect)),
            attribute("groupgate.try", u16::from(this.nth)),
            attribute("groupgate.outcome", end.as_str()),
        ];
        if let Ended::Failed(error) = how {
            attributes.extend(status(error).map(|status| attribute("http.response.status_code", status)));
            if let GraphError::Refused(refusal) = error {
                attributes.push(attribute("groupgate.upstream_code", refusal.code));
                attributes.extend(refusal.fbtrace_id.clone().map(|id| attribute("groupgate.fbtrace_id", id)));
            }
        }
        self.trace.tell(Span {
            name: "groupgate.Upstream".into(),
            kind: Kind::Client,
            context: open.span,
            parent: Some(self.trace.span().span_id),
            state: self.trace.state(),
            link: None,
            begun: open.begun,
            duration: open.since.elapsed(),
            attributes,
            is_failed: !matches!(end, UpstreamEnd::Answered | UpstreamEnd::GivenUp),
        });
    }
}

impl Guard for TracedTries<'_> {
    fn admit(&self, this: Try) -> Result<(), Held> {
        self.guard.admit(this)?;
        let open = || Open { span: self.trace.span().child(), begun: SystemTime::now(), since: Instant::now() };
        *self.open.borrow_mut() = self.trace.is_told().then(open);
        Ok(())
    }

    fn ended(&self, this: Try, how: Ended<'_>) {
        self.guard.ended(this, how);
        if let Some(open) = self.open.borrow_mut().take() {
            self.tell(&open, this, how);
        }
    }

    fn may_repeat(&self) -> bool {
        self.guard.may_repeat()
    }

    fn trace(&self) -> Option<TraceHeaders> {
        self.trace.headers(self.open.borrow().as_ref().map(|open| open.span))
    }
}

/// The HTTP status of what failed, where there was an answer.
fn status(error: &GraphError) -> Option<u16> {
    match error {
        GraphError::Refused(refusal) => Some(refusal.status),
        GraphError::Unreadable { status, .. } | GraphError::NotDone { status } => Some(*status),
        _ => None,
    }
}
