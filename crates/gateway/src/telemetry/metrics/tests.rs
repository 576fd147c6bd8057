//! How much there can be.

use std::time::{Duration, Instant};

use cams_api::Code;

use super::{Called, Metrics};
use crate::operations::{GraphCall, operation_names};

/// Every call that there can be, and one of each face that is not known.
fn all_calls() -> impl Iterator<Item = Called> {
    let operations = 0..operation_names().len();
    let graph = GraphCall::ALL.into_iter().map(Called::graph);
    let known = operations.clone().map(Called::rest).chain(operations.map(Called::rpc)).chain(graph);
    known.chain([Called::RPC, Called::GRAPH])
}

#[test]
fn with_every_call_and_every_code_the_page_has_a_bound_and_is_written_quickly() {
    let metrics = Metrics::default();
    let codes = || Code::ALL.iter().copied().map(Some).chain([None]);
    let fill = || {
        for called in all_calls() {
            for code in codes() {
                metrics.calls().begun();
                metrics.calls().ended(called, code, Duration::from_millis(30));
            }
        }
    };
    fill();
    let once = metrics.text().unwrap();
    fill();
    let begun = Instant::now();
    let twice = metrics.text().unwrap();
    let took = begun.elapsed();
    let lines = |text: &str| text.lines().count();
    assert_eq!(lines(&once), lines(&twice));
    // Five milliseconds as it is released; here nothing is optimized, and the machine has other things to do.
    assert!(took < Duration::from_millis(500), "{took:?} for {} lines of {} bytes", lines(&twice), twice.len());
    assert!(lines(&twice) < 6_000 && twice.len() < 600_000, "{} lines of {} bytes", lines(&twice), twice.len());
}
