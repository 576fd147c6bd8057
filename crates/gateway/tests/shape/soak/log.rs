//! What replicas log of themselves: nothing that only a mistake of ours explains.

use super::book::Book;
use crate::world::Replica;

/// What is logged as an error, and why it may be: what stands in a line, and which fault explains it.
const EXPLAINED: [(&str, &str); 2] = [
    ("how a call ended could not be recorded", "PostgreSQL went away while a call ran: its key stays open"),
    ("the ends of tries were not recorded", "PostgreSQL was away for as long as they were kept: delivered again"),
];

/// Lines that tell of a panic, or of an error that no fault explains.
pub(super) fn wrong(replicas: &[Replica]) -> Vec<String> {
    let is_error =
        |line: &&str| line.contains("\"level\":\"ERROR\"") || line.contains(" ERROR ") || line.contains("panicked");
    let is_explained = |line: &&str| EXPLAINED.iter().any(|(words, _)| line.contains(words));
    let logs: Vec<String> = replicas.iter().map(Replica::log).collect();
    let lines = logs.iter().flat_map(|log| log.lines());
    lines.filter(|line| is_error(line) && !is_explained(line)).map(str::to_owned).collect()
}

/// Answers that a repetition did not give again, though nothing was logged of their not being written down.
pub(super) fn not_told_again(replicas: &[Replica], book: &Book) -> Vec<String> {
    const UNWRITTEN: &str = "how a call with an idempotency key ended could not be recorded yet";
    let logs: Vec<String> = replicas.iter().map(Replica::log).collect();
    let is_explained = |code: &String| {
        let mut lines = logs.iter().flat_map(|log| log.lines()).filter(|line| line.contains(UNWRITTEN));
        lines.any(|line| line.contains(code))
    };
    let unwritten = book.unwritten.borrow();
    let unexplained = unwritten.iter().filter(|code| !is_explained(code));
    unexplained.map(|code| format!("the answer that told of {code} was not given again")).collect()
}
