//! One connection: a request is written to it, and an answer read from it.

use std::{
    io::{self, ErrorKind},
    mem::MaybeUninit,
    ops::Range,
    pin::pin,
};

use awc::http::{Method, header::HeaderValue};
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::Instant,
};
use zeroize::Zeroizing;

use super::{
    body::{Chunks, Framing},
    head::{self, Head},
};
use crate::{error::Unreadable, progress::Progress, transport::Message};

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
    #[error("closed by a server that had given up waiting")]
    GivenUp,
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
        if apart.is_empty() {
            final_head(&mut self.stream, &mut self.input, message.method).await
        } else {
            // Boxed, since it is rare and large.
            Box::pin(self.ask_at_length(apart, message.method, progress)).await
        }
    }

    /// Sends a large body, and waits for the head of the answer, which may come first: a server that does not want all of the
    /// body says so, and then reads no more of it or hangs up
    /// ([RFC 9112, 9.5](https://www.rfc-editor.org/rfc/rfc9112#section-9.5)).
    async fn ask_at_length(&mut self, body: &[u8], method: &Method, progress: &Progress) -> Result<Head, Broken> {
        let (mut reader, mut writer) = self.stream.split();
        let mut answered = pin!(final_head(&mut reader, &mut self.input, method));
        let (mut head, is_sent) = tokio::select! {
            biased;
            early = &mut answered => (early?, false),
            // What a server said before it hung up can still be read.
            written = write(&mut writer, body, progress) => (answered.await?, written.is_ok()),
        };
        head.keeps &= is_sent;
        Ok(head)
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
            if fill(&mut self.stream, &mut self.input).await.map_err(|_| Unreadable::CutOff)? == 0 {
                return Ok(self.input.len());
            }
        }
    }

    /// What has been read of the answer.
    pub(super) fn input(&self) -> &[u8] {
        &self.input
    }

    async fn more(&mut self) -> Result<(), Unreadable> {
        match fill(&mut self.stream, &mut self.input).await {
            Ok(1..) => Ok(()),
            _ => Err(Unreadable::CutOff),
        }
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
    /// The system is asked, for a read, too: what has come and the runtime has not heard of yet would be taken for the answer
    /// to the call that comes next, be it another tenant's. Nothing tells later on which side of a request it came.
    pub(super) fn is_quiet(&self) -> bool {
        let come = SockRef::from(&self.stream).peek(&mut [MaybeUninit::uninit()]);
        come.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }
}

/// Waits for the head of the final answer.
async fn final_head(
    stream: &mut (impl AsyncRead + Unpin),
    input: &mut Vec<u8>,
    method: &Method,
) -> Result<Head, Broken> {
    for _ in 0..=MOST_INTERIM {
        let head = next_head(stream, input, method).await?;
        if !head.status.is_informational() {
            return Ok(head);
        }
        take_out(input, 0..head.length);
    }
    Err(Broken::Interim)
}

async fn next_head(
    stream: &mut (impl AsyncRead + Unpin),
    input: &mut Vec<u8>,
    method: &Method,
) -> Result<Head, Broken> {
    let mut searched = 0;
    loop {
        // A head that comes byte by byte is not parsed with each of them.
        if searched == 0 || head::may_end_in(&input[searched..]) {
            match head::parse(input, method)? {
                Some(head) if head.length <= head::MOST => return Ok(head),
                Some(_) => return Err(Broken::HeadTooLarge),
                None => {}
            }
        }
        if input.len() > head::MOST {
            return Err(Broken::HeadTooLarge);
        }
        searched = input.len().saturating_sub(2);
        if fill(stream, input).await? == 0 {
            return Err(Broken::Closed);
        }
    }
}

/// Reads what has come, and says how much that was: 0 at the connection's end.
async fn fill(stream: &mut (impl AsyncRead + Unpin), input: &mut Vec<u8>) -> io::Result<usize> {
    input.reserve(ROOM);
    stream.read_buf(input).await
}

/// Writes it all, and notes when something of it has left.
async fn write(stream: &mut (impl AsyncWrite + Unpin), mut bytes: &[u8], progress: &Progress) -> io::Result<()> {
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

/// Takes a part out of a buffer. What stood behind it moves, and would otherwise stay behind the buffer's end as well, where
/// nobody wipes it.
pub(super) fn take_out(buffer: &mut Vec<u8>, Range { start, end }: Range<usize>) {
    buffer.copy_within(end.., start);
    let left = buffer.len() - (end - start);
    buffer[left..].fill(0);
    buffer.truncate(left);
}

fn wipe(buffer: &mut Vec<u8>) {
    buffer.fill(0);
    buffer.clear();
}
