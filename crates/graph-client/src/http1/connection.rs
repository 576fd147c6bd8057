//! One connection: a request is written to it, and an answer read from it.

use std::{
    io::{self, ErrorKind},
    mem::MaybeUninit,
    ops::Range,
};

use awc::http::{Method, header::HeaderValue};
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::Instant,
};
use zeroize::Zeroizing;

use super::{
    body::{Chunks, Framing},
    head::{self, Head},
};
use crate::{
    error::{Effect, Unreadable},
    progress::Progress,
    transport::Message,
};

/// How many answers before the final one are read over (1xx).
const MOST_INTERIM: usize = 16;

/// Bodies up to this size, in bytes, leave together with their head.
const SMALL: usize = 8 * 1024;

/// How much may be read at once at the least. Most answers are smaller, so that one read shows that there is no more.
const ROOM: usize = 2 * 1024;

/// A buffer that has grown beyond this is not kept.
const KEPT: usize = 16 * 1024;

/// Why a connection gave no answer. Holds nothing of what was sent or came.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("closed without an answer")]
    Closed,
    #[error("what came is no HTTP/1.1: {0}")]
    NotHttp(#[from] httparse::Error),
    #[error("the answer's head says nothing certain of its body: {0}")]
    Framing(&'static str),
    #[error("the answer's head is larger than {} bytes", head::MOST)]
    HeadTooLarge,
    #[error("one interim answer follows another")]
    Interim,
}

/// A connection, with what it is written from and read into. Both hold tokens and links: they are wiped after each call, and
/// when it is dropped. What they have grown out of, the process's allocator has to wipe.
pub(super) struct Connection {
    stream: TcpStream,
    opened: Instant,
    output: Zeroizing<Vec<u8>>,
    input: Zeroizing<Vec<u8>>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        let (output, input) = (Zeroizing::default(), Zeroizing::default());
        Self { stream, opened: Instant::now(), output, input }
    }

    pub(super) fn opened(&self) -> Instant {
        self.opened
    }

    /// Sends a request, and waits for the head of the answer.
    pub(super) async fn ask(
        &mut self,
        message: &Message<'_>,
        host: &HeaderValue,
        progress: &Progress,
    ) -> Result<Head, Broken> {
        let (together, apart) = match message.body {
            Some(body) if body.len() > SMALL => (&[][..], &body[..]),
            body => (body.map_or(&[][..], |body| &body[..]), &[][..]),
        };
        head::write(message, host, together.len(), &mut self.output);
        self.output.extend_from_slice(together);
        write(&mut self.stream, &self.output, progress).await?;
        wipe(&mut self.output);
        write(&mut self.stream, apart, progress).await?;
        self.head(message.method).await
    }

    /// The head of the final answer.
    async fn head(&mut self, method: &Method) -> Result<Head, Broken> {
        for _ in 0..=MOST_INTERIM {
            let head = self.next_head(method).await?;
            if !head.status.is_informational() {
                return Ok(head);
            }
            self.input.drain(..head.length);
        }
        Err(Broken::Interim)
    }

    async fn next_head(&mut self, method: &Method) -> Result<Head, Broken> {
        let mut searched = 0;
        loop {
            // A head that comes byte by byte is not parsed with each of them.
            if searched == 0 || head::may_end_in(&self.input[searched..]) {
                match head::parse(&self.input, method)? {
                    Some(head) if head.length <= head::MOST => return Ok(head),
                    Some(_) => return Err(Broken::HeadTooLarge),
                    None => {}
                }
            }
            if self.input.len() > head::MOST {
                return Err(Broken::HeadTooLarge);
            }
            searched = self.input.len().saturating_sub(2);
            if self.fill().await? == 0 {
                return Err(Broken::Closed);
            }
        }
    }

    /// Waits for the whole body, of `most` bytes at the most, and says where in [`Connection::input`] it stands.
    pub(super) async fn body(&mut self, head: &Head, most: usize) -> Result<Range<usize>, Unreadable> {
        let end = match head.framing {
            Framing::Length(length) => self.of_length(head.length, length, most).await?,
            Framing::Chunked => self.chunked(head.length, most).await?,
            Framing::Closed => self.until_closed(head.length, most).await?,
        };
        Ok(head.length..end)
    }

    async fn of_length(&mut self, begin: usize, length: u64, most: usize) -> Result<usize, Unreadable> {
        let length = usize::try_from(length).ok().filter(|length| *length <= most);
        let end = begin + length.ok_or(Unreadable::TooLarge { limit: most })?;
        while self.input.len() < end {
            self.more().await?;
        }
        Ok(end)
    }

    async fn chunked(&mut self, begin: usize, most: usize) -> Result<usize, Unreadable> {
        let mut chunks = Chunks::new(begin, most);
        while !chunks.decode(&mut self.input)? {
            self.more().await?;
        }
        Ok(chunks.end())
    }

    async fn until_closed(&mut self, begin: usize, most: usize) -> Result<usize, Unreadable> {
        loop {
            if self.input.len() - begin > most {
                return Err(Unreadable::TooLarge { limit: most });
            }
            if self.fill().await.map_err(|_| Unreadable::CutOff)? == 0 {
                return Ok(self.input.len());
            }
        }
    }

    /// What has been read of the answer.
    pub(super) fn input(&self) -> &[u8] {
        &self.input
    }

    async fn more(&mut self) -> Result<(), Unreadable> {
        match self.fill().await {
            Ok(1..) => Ok(()),
            _ => Err(Unreadable::CutOff),
        }
    }

    /// Reads what has come, and says how much that was: 0 at the connection's end.
    async fn fill(&mut self) -> io::Result<usize> {
        self.input.reserve(ROOM);
        self.stream.read_buf(&mut *self.input).await
    }

    /// Forgets the last call.
    pub(super) fn rest(&mut self) {
        for buffer in [&mut self.output, &mut self.input] {
            if buffer.capacity() > KEPT {
                *buffer = Zeroizing::default();
            } else {
                wipe(buffer);
            }
        }
    }

    /// Whether nothing has come since the last answer, neither its server's end nor a byte that nobody asked for.
    ///
    /// For a read it is enough to know what the runtime has heard already, which costs nothing: it is sent again. A change is
    /// not, so that the system is asked.
    pub(super) fn is_quiet(&self, effect: Effect) -> bool {
        let come = match effect {
            Effect::Read => self.stream.try_read(&mut [0]),
            Effect::Change => SockRef::from(&self.stream).peek(&mut [MaybeUninit::uninit()]),
        };
        come.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }
}

/// Writes it all, and notes when something of it has left.
async fn write(stream: &mut TcpStream, mut bytes: &[u8], progress: &Progress) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = stream.write(bytes).await?;
        if written == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        progress.begin();
        bytes = &bytes[written..];
    }
    Ok(())
}

fn wipe(buffer: &mut Vec<u8>) {
    buffer.fill(0);
    buffer.clear();
}
