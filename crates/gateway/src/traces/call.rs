//! The trace of one call of a tenant's or an administrator's, or of one webhook of Meta's.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use graph_client::{Guard, TraceHeaders};
use uuid::Uuid;

use super::Tracer;
use super::context::{Incoming, TraceContext};
use super::span::{Kind, Span, attribute};
use super::tries::TracedTries;

/// A call that is traced, or whose caller's trace goes on through it.
pub(crate) struct CallTrace {
    tracer: Arc<Tracer>,
    /// The call's own span.
    span: TraceContext,
    incoming: Option<Incoming>,
    /// Whether it would be told without its caller's wish, too.
    is_drawn: bool,
    standing: Cell<Standing>,
}

/// What becomes of a call's trace.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Its spans are told.
    Told,
    /// They are to be told if the caller turns out to be one who may wish so: his trace is.
    Wished,
    /// Nothing is told, and the context goes on as it came.
    PassedOn,
}

/// How a call ended.
#[derive(Clone, Copy, Default)]
pub(crate) struct CallEnd<'a> {
    /// Our ID of it.
    pub(crate) request_id: Uuid,
    /// What was asked for.
    pub(crate) operation: &'static str,
    /// By which face.
    pub(crate) face: &'static str,
    /// For which tenant.
    pub(crate) cust_space_id: Option<&'a str>,
    /// What was answered; `None` where the caller hung up.
    pub(crate) code: Option<&'static str>,
    /// The HTTP status.
    pub(crate) status: u16,
    /// Meta's code, where Meta refused.
    pub(crate) upstream_code: Option<i64>,
    /// How long it took until now.
    pub(crate) duration: Duration,
}

impl CallTrace {
    /// Of a call that begins. A caller who does not tell his own part has none told of ours.
    pub(super) fn begin(tracer: Arc<Tracer>, incoming: Option<Incoming>, is_drawn: bool) -> Self {
        let (span, standing) = match incoming.as_ref().map(|incoming| incoming.context) {
            None => (TraceContext::root(), Standing::Told),
            Some(parent) if parent.is_sampled() => (parent.child(), Standing::Wished),
            Some(parent) => (parent, Standing::PassedOn),
        };
        Self { tracer, span, incoming, is_drawn, standing: Cell::new(standing) }
    }

    /// It is known who calls: what is drawn is told.
    pub(crate) fn caller_is_known(&self) {
        if self.is_drawn && self.standing.get() == Standing::Wished {
            self.standing.set(Standing::Told);
        }
    }

    /// That caller may call: where he tells his part, ours is told, too, within the bound of such wishes.
    pub(crate) fn caller_is_let_in(&self) {
        self.caller_is_known();
        if self.standing.get() == Standing::Wished {
            let is_told = self.tracer.grants_wish();
            self.standing.set(if is_told { Standing::Told } else { Standing::PassedOn });
        }
    }

    /// The trace's ID, as collectors show it, where it is told.
    pub(crate) fn id(&self) -> Option<String> {
        self.is_told().then(|| format!("{:032x}", self.span.trace_id))
    }

    /// What is kept of it beside what it causes, where it is told.
    pub(crate) fn kept(&self) -> Option<String> {
        self.is_told().then(|| self.span.to_string())
    }

    /// A guard that lets through what `guard` does, and tells of each try.
    pub(crate) fn tries<'a>(self: &Rc<Self>, guard: &'a dyn Guard) -> TracedTries<'a> {
        TracedTries::new(self.clone(), guard)
    }

    /// Tells of the call itself. Its tries may be told later.
    pub(crate) fn ended(&self, end: CallEnd<'_>) {
        if !self.is_told() {
            return;
        }
        let CallEnd { request_id, operation, face, cust_space_id, code, status, upstream_code, duration } = end;
        let mut attributes = vec![
            attribute("groupgate.request_id", request_id.to_string()),
            attribute("groupgate.operation", operation),
            attribute("groupgate.face", face),
            attribute("http.response.status_code", status),
        ];
        attributes.extend(cust_space_id.map(|id| attribute("groupgate.cust_space_id", id.to_owned())));
        attributes.extend(code.map(|code| attribute("groupgate.code", code)));
        attributes.extend(upstream_code.map(|code| attribute("groupgate.upstream_code", code)));
        self.tell(Span {
            name: format!("groupgate.{operation}").into(),
            kind: Kind::Server,
            context: self.span,
            parent: self.incoming.as_ref().map(|incoming| incoming.context.span_id),
            state: self.state(),
            link: None,
            begun: SystemTime::now().checked_sub(duration).unwrap_or(SystemTime::UNIX_EPOCH),
            duration,
            attributes,
            is_failed: status >= 500,
        });
    }

    pub(super) fn is_told(&self) -> bool {
        self.standing.get() == Standing::Told
    }

    /// The call's own span.
    pub(super) fn span(&self) -> TraceContext {
        self.span
    }

    /// What came as `tracestate`.
    pub(super) fn state(&self) -> Option<String> {
        let state = self.incoming.as_ref()?.state.as_ref()?;
        state.to_str().ok().map(str::to_owned)
    }

    /// What goes on to Meta with a try: its own span, or else what the call came with.
    pub(super) fn headers(&self, span: Option<TraceContext>) -> Option<TraceHeaders> {
        if !self.tracer.tells_meta() {
            return None;
        }
        let context = span.or_else(|| self.incoming.as_ref().map(|incoming| incoming.context))?;
        let state = self.incoming.as_ref().and_then(|incoming| incoming.state.clone());
        Some(TraceHeaders { parent: context.header()?, state })
    }

    pub(super) fn tell(&self, span: Span) {
        self.tracer.tell(span);
    }
}
