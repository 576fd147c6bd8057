//! The context of a trace, as requests carry it: <https://www.w3.org/TR/trace-context/>.

use std::fmt;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use aws_lc_rs::rand;

/// The header that names the trace and the span that a request is part of.
pub(super) static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The header with what tracing systems add to it.
static TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The one version there is, and the highest that is none.
const VERSION: u128 = 0;
const NO_VERSION: u128 = 0xff;
/// The caller tells its part of the trace, and would have others tell theirs.
const SAMPLED: u8 = 0b01;
/// The trace's ID is random
/// ([Level 2](https://www.w3.org/TR/trace-context-2/#random-trace-id-flag)). No other flag is known, or goes on.
const RANDOM: u8 = 0b10;

/// The longest `tracestate` that goes on, in bytes, and the most entries in it: what
/// [everybody is to pass on](https://www.w3.org/TR/trace-context/#tracestate-limits). A longer one does not go on.
const LONGEST_STATE: usize = 512;
const MOST_ENTRIES: usize = 32;

/// A span of a trace.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceContext {
    /// The trace. Never 0.
    pub(super) trace_id: u128,
    /// The span. Never 0.
    pub(super) span_id: u64,
    flags: u8,
}

impl TraceContext {
    /// The first span of a new trace, which is told.
    pub(super) fn root() -> Self {
        Self { trace_id: random_id().max(1), span_id: random_span(), flags: SAMPLED | RANDOM }
    }

    /// A new span of the same trace, which is told.
    pub(super) fn child(self) -> Self {
        Self { span_id: random_span(), flags: self.flags | SAMPLED, ..self }
    }

    /// Whether whoever wrote it tells its part of the trace.
    pub(super) fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// What `traceparent` says; `None` where it is malformed
    /// ([its form](https://www.w3.org/TR/trace-context/#traceparent-header)). Of a later version that is read which this one
    /// has.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(5, '-');
        let version = hex(parts.next()?, 2)?;
        let trace_id = hex(parts.next()?, 32)?;
        let span_id = u64::try_from(hex(parts.next()?, 16)?).ok()?;
        let flags = u8::try_from(hex(parts.next()?, 2)?).ok()? & (SAMPLED | RANDOM);
        let ends_well = parts.next().is_none() || version > VERSION;
        let is_valid = ends_well && version != NO_VERSION && trace_id != 0 && span_id != 0;
        is_valid.then_some(Self { trace_id, span_id, flags })
    }

    /// What is sent as `traceparent`.
    pub(super) fn header(self) -> Option<HeaderValue> {
        HeaderValue::try_from(self.to_string()).ok()
    }
}

/// As `traceparent` has it.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace_id, span_id, flags } = self;
        write!(f, "{VERSION:02x}-{trace_id:032x}-{span_id:016x}-{flags:02x}")
    }
}

/// What a request came with.
pub(super) struct Incoming {
    /// Its `traceparent`.
    pub(super) context: TraceContext,
    /// Its `tracestate`, in one.
    pub(super) state: Option<HeaderValue>,
}

impl Incoming {
    /// `None` where there is none that is well formed; then what else there is is of no use, either.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut sent = headers.get_all(&TRACEPARENT);
        let first = sent.next()?;
        if sent.next().is_some() {
            return None;
        }
        let context = TraceContext::parse(first.to_str().ok()?)?;
        Some(Self { context, state: state(headers) })
    }
}

/// All that was sent of `tracestate`, where it is well formed and within bounds.
fn state(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut all = String::new();
    for sent in headers.get_all(&TRACESTATE) {
        let entries = sent.to_str().ok()?.split(',').map(|entry| entry.trim_matches([' ', '\t']));
        for entry in entries.filter(|entry| !entry.is_empty()) {
            let separator = if all.is_empty() { "" } else { "," };
            if !is_entry(entry) || all.len() + separator.len() + entry.len() > LONGEST_STATE {
                return None;
            }
            all.push_str(separator);
            all.push_str(entry);
        }
    }
    let is_few = (1..=MOST_ENTRIES).contains(&all.split_terminator(',').count());
    is_few.then(|| HeaderValue::try_from(all).ok()).flatten()
}

/// Whether it is a key, `=` and a value, of the
/// [characters that they may have](https://www.w3.org/TR/trace-context/#tracestate-header-field-values).
fn is_entry(entry: &str) -> bool {
    let of_key = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(&byte);
    let of_value = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'=';
    entry.split_once('=').is_some_and(|(key, value)| {
        !key.is_empty() && key.bytes().all(of_key) && !value.is_empty() && value.bytes().all(of_value)
    })
}

/// A number of just so many digits, in lower case.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (text.len() == digits && text.bytes().all(is_digit)).then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

fn random_id() -> u128 {
    let mut bytes = [0; 16];
    // Without a random number, the span stands in a trace with others that had none.
    let _ = rand::fill(&mut bytes);
    u128::from_ne_bytes(bytes)
}

fn random_span() -> u64 {
    let mut bytes = [0; 8];
    let _ = rand::fill(&mut bytes);
    u64::from_ne_bytes(bytes).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(parents: &[&str], states: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let named = |name: &HeaderName, values: &[&str]| {
            values.iter().map(|value| (name.clone(), HeaderValue::from_str(value).unwrap())).collect::<Vec<_>>()
        };
        for (name, value) in [named(&TRACEPARENT, parents), named(&TRACESTATE, states)].concat() {
            headers.append(name, value);
        }
        headers
    }

    fn state(states: &[&str]) -> Option<String> {
        let incoming = Incoming::of(&headers(&[PARENT], states)).unwrap();
        incoming.state.map(|state| state.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_traceparent_is_read_and_written_as_the_standard_has_it() {
        let context = TraceContext::parse(PARENT).unwrap();
        assert_eq!(context.trace_id, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert_eq!((context.span_id, context.is_sampled()), (0x00f0_67aa_0ba9_02b7, true));
        assert_eq!(context.to_string(), PARENT);
        let child = context.child();
        assert!(child.trace_id == context.trace_id && child.span_id != context.span_id);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_this_one_goes() {
        for parent in [
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-may-come",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fd",
        ] {
            assert_eq!(TraceContext::parse(parent).unwrap().to_string(), PARENT, "{parent}");
        }
    }

    #[test]
    fn what_is_malformed_is_none() {
        for parent in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert!(TraceContext::parse(parent).is_none(), "{parent}");
        }
        assert!(Incoming::of(&headers(&[PARENT, PARENT], &[])).is_none(), "none of two can be believed");
        assert!(Incoming::of(&headers(&[], &["a=1"])).is_none());
    }

    #[test]
    fn a_tracestate_goes_on_in_one_and_in_its_order() {
        assert_eq!(state(&["rojo=00f067aa0ba902b7"]).as_deref(), Some("rojo=00f067aa0ba902b7"));
        assert_eq!(state(&["a=1, b@v=x y", "", "c=3,"]).as_deref(), Some("a=1,b@v=x y,c=3"));
    }

    #[test]
    fn a_tracestate_that_is_malformed_or_too_long_does_not_go_on_and_the_trace_does() {
        let (longest, longer) = (format!("a={}", "x".repeat(510)), format!("a={}", "x".repeat(511)));
        assert_eq!(state(&[&longest]).as_deref(), Some(longest.as_str()));
        let many = |count: usize| (0..count).map(|at| format!("k{at}=1")).collect::<Vec<_>>().join(",");
        assert!(state(&[&many(32)]).is_some());
        for malformed in ["", " , ", "novalue", "=1", "UPPER=1", "a=b=c", &longer, &many(33)] {
            assert_eq!(state(&[malformed]), None, "{malformed}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_what_is_written_again_or_not_at_all(text in "[0-9a-f]{2}-[0-9a-f]{31,33}-[0-9a-f]{16}-[0-9a-f]{2}|.*") {
            if let Some(context) = TraceContext::parse(&text) {
                let again = TraceContext::parse(&context.to_string());
                prop_assert!(again == Some(context));
            }
        }
    }
}
