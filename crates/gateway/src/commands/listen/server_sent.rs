//! Reads [server-sent events][sse], as far as the gateway sends them: lines end with `\n` or `\r\n`.
//!
//! [sse]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use awc::ClientResponse;
use futures_util::StreamExt;
use tokio::time::timeout;

use super::source::Lost;

/// Three comments of the gateway: who is silent for longer is not there any more.
const PATIENCE: Duration = Duration::from_secs(45);
/// The largest event: Meta sends at most 3 MB at once.
const LARGEST: usize = 8 * 1024 * 1024;

/// What a stream says.
#[derive(Default, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// The place in the stream.
    pub(super) id: String,
    /// What kind of event it is.
    pub(super) event_type: String,
    /// The event; empty where the stream only tells its place.
    pub(super) data: String,
}

// An event holds whatever people write.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("id", &self.id).field("event_type", &self.event_type).finish_non_exhaustive()
    }
}

/// The messages of a stream that is open.
pub(super) struct Messages {
    answer: ClientResponse,
    parser: Parser,
}

impl Messages {
    pub(super) fn new(answer: ClientResponse) -> Self {
        Self { answer, parser: Parser::default() }
    }

    /// The next message.
    pub(super) async fn next(&mut self) -> Result<Message, Lost> {
        loop {
            if let Some(message) = self.parser.ready.pop_front() {
                return Ok(message);
            }
            let chunk =
                timeout(PATIENCE, self.answer.next()).await.map_err(|_| Lost::Away("it is silent".to_owned()))?;
            let chunk = chunk.ok_or_else(|| Lost::Away("it has ended the stream".to_owned()))?;
            let chunk = chunk.map_err(|error| Lost::Away(error.to_string()))?;
            self.parser.read(&chunk)?;
        }
    }
}

/// What was read and is not yet a whole message.
#[derive(Default)]
struct Parser {
    line: Vec<u8>,
    message: Message,
    ready: VecDeque<Message>,
}

impl Parser {
    fn read(&mut self, mut chunk: &[u8]) -> Result<(), Lost> {
        while let Some(end) = chunk.iter().position(|byte| *byte == b'\n') {
            self.line.extend_from_slice(&chunk[..end]);
            chunk = &chunk[end + 1..];
            let line = std::mem::take(&mut self.line);
            self.take(&String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line)));
        }
        self.line.extend_from_slice(chunk);
        if self.line.len() + self.message.data.len() > LARGEST {
            return Err(Lost::Refused(format!("an event is larger than {LARGEST} bytes")));
        }
        Ok(())
    }

    fn take(&mut self, line: &str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            // The end of a message. Where it has neither a place nor data, it was a comment.
            "" if line.is_empty() => {
                let message = std::mem::take(&mut self.message);
                self.ready.extend((!message.id.is_empty()).then_some(message));
            }
            "id" => value.clone_into(&mut self.message.id),
            "event" => value.clone_into(&mut self.message.event_type),
            "data" => {
                if !self.message.data.is_empty() {
                    self.message.data.push('\n');
                }
                self.message.data.push_str(value);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&str]) -> Vec<Message> {
        let mut parser = Parser::default();
        for chunk in chunks {
            parser.read(chunk.as_bytes()).unwrap();
        }
        parser.ready.into()
    }

    fn message(id: &str, event_type: &str, data: &str) -> Message {
        Message { id: id.to_owned(), event_type: event_type.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn messages_are_the_same_however_the_stream_is_cut() {
        let stream =
            "id: 41\nretry: 2000\n\n: nothing new\n\nid: 42\nevent: group.created\ndata: {\"Id\":\"ü\"}\r\n\r\n";
        let expected = [message("41", "", ""), message("42", "group.created", "{\"Id\":\"ü\"}")];
        assert_eq!(read(&[stream]), expected);
        let mut parser = Parser::default();
        for byte in stream.bytes() {
            parser.read(&[byte]).unwrap();
        }
        assert_eq!(parser.ready, expected);
    }

    #[test]
    fn data_of_several_lines_is_one_event_and_what_has_not_ended_is_none() {
        assert_eq!(read(&["id:1\ndata:{\ndata: }\n\nid: 2\ndata: {}\n"]), [message("1", "", "{\n}")]);
    }

    #[test]
    fn an_event_without_an_end_is_not_read_for_ever() {
        let mut parser = Parser::default();
        let chunk = vec![b'x'; 1024 * 1024];
        assert!((0..9).any(|_| parser.read(&chunk).is_err()));
    }
}
