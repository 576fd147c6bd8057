//! The way of log lines from the threads that make them to the output, without anybody's waiting for it.
//!
//! Each thread appends to a share of its own. A writer takes all shares when one has grown to 16 KiB, when
//! something urgent was appended, and ten times a second, and leaves an empty buffer behind. A thread that
//! makes lines faster than the output takes them loses lines, not time; a line of its own says how many.
//!
//! Lines of one thread keep their order; between threads the timestamps tell.

use std::cell::RefCell;
use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use time::OffsetDateTime;
use tracing::Level;

use super::line;

/// From here on a share is worth a write.
const HAND_ON_AT: usize = 16 * 1024;

/// What a share may hold while the output does not take anything.
const SHARE_LIMIT: usize = 1024 * 1024;

/// How long a line may wait for others.
const HAND_ON_AFTER: Duration = Duration::from_millis(100);

/// How many lines this process has lost.
static LOST: AtomicU64 = AtomicU64::new(0);

/// How many lines were lost since the process was started.
pub(super) fn lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// The lines of one thread that nobody has taken yet.
type Share = Arc<Mutex<Vec<u8>>>;

thread_local! {
    /// This thread's share, and of which [`Lines`] it is one.
    static SHARE: RefCell<Option<(u64, Share)>> = const { RefCell::new(None) };
}

/// A place to append lines to, shared by all threads; clones are the same place.
#[derive(Clone)]
pub(super) struct Lines(Arc<Inner>);

struct Inner {
    /// Tells several `Lines` of one process apart.
    id: u64,
    shares: Mutex<Vec<Share>>,
    output: Mutex<Output>,
    dropped: AtomicU64,
    wake: Arc<Wake>,
}

struct Output {
    writer: Box<dyn Write + Send>,
    /// Empty; takes the place of a share that is being written.
    spare: Vec<u8>,
}

/// Wakes the writer before its time.
#[derive(Default)]
struct Wake {
    asked: Mutex<bool>,
    changed: Condvar,
}

impl Lines {
    /// Starts a thread that writes to `writer` until the last clone is gone.
    pub(super) fn to(writer: impl Write + Send + 'static) -> std::io::Result<Self> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        let output = Output { writer: Box::new(writer), spare: Vec::with_capacity(2 * HAND_ON_AT) };
        let inner = Arc::new(Inner {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            shares: Mutex::default(),
            output: Mutex::new(output),
            dropped: AtomicU64::new(0),
            wake: Arc::default(),
        });
        let (wake, weak) = (Arc::clone(&inner.wake), Arc::downgrade(&inner));
        std::thread::Builder::new().name("log-writer".to_owned()).spawn(move || write_until_gone(&wake, &weak))?;
        Ok(Self(inner))
    }

    /// Appends one whole line, with its line feed. Never waits for the output.
    pub(super) fn append(&self, line: &[u8], urgent: bool) {
        // A thread at its very end has no share any more; its last lines are not worth a panic.
        let full = SHARE.try_with(|share| self.0.append(&mut share.borrow_mut(), line));
        if urgent || full.unwrap_or_default() {
            self.0.wake.now();
        }
    }

    /// Writes everything that was appended before this call, and returns when it is written.
    pub(super) fn flush(&self) {
        self.0.drain();
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Lines").field(&self.0.id).finish()
    }
}

impl Inner {
    /// Appends to this thread's share, and says whether that has just become worth a write.
    fn append(&self, slot: &mut Option<(u64, Share)>, line: &[u8]) -> bool {
        let share = match slot {
            Some((id, share)) if *id == self.id => share,
            _ => &mut slot.insert((self.id, self.new_share())).1,
        };
        let mut share = locked(share);
        let before = share.len();
        if before + line.len() > SHARE_LIMIT {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            LOST.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        share.extend_from_slice(line);
        before < HAND_ON_AT && share.len() >= HAND_ON_AT
    }

    fn new_share(&self) -> Share {
        let share = Share::new(Mutex::new(Vec::with_capacity(2 * HAND_ON_AT)));
        locked(&self.shares).push(Arc::clone(&share));
        share
    }

    fn drain(&self) {
        let mut output = locked(&self.output);
        let shares = locked(&self.shares).clone();
        let lost: u64 = shares.iter().map(|share| output.take(share)).sum();
        LOST.fetch_add(lost, Ordering::Relaxed);
        self.report_dropped(&mut output);
        // There is nowhere to report a log that cannot be written.
        let _ = output.writer.flush();
        drop(shares);
        // Held by this list alone: its thread has ended.
        locked(&self.shares).retain(|share| Arc::strong_count(share) > 1 || !locked(share).is_empty());
    }

    fn report_dropped(&self, output: &mut Output) {
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped == 0 {
            return;
        }
        line::begin(&mut output.spare, OffsetDateTime::now_utc(), Level::WARN, module_path!());
        let message = ",\"message\":\"log lines were lost: standard error takes them too slowly\",\"lost\":";
        output.spare.extend_from_slice(message.as_bytes());
        output.spare.extend_from_slice(dropped.to_string().as_bytes());
        line::end(&mut output.spare);
        // It is not one of those that it counts.
        let _ = output.write_spare();
    }
}

impl Output {
    /// Writes a share, and says how many of its lines were lost; its thread goes on with the spare buffer meanwhile.
    fn take(&mut self, share: &Share) -> u64 {
        std::mem::swap(&mut *locked(share), &mut self.spare);
        self.write_spare()
    }

    /// Writes what stands in the spare buffer, and says how many of its lines were lost.
    fn write_spare(&mut self) -> u64 {
        // A full disk, or a pipe that nobody reads any more; how much of it was taken is not told.
        let is_lost = self.writer.write_all(&self.spare).is_err();
        let lines = if is_lost { self.spare.split(|byte| *byte == b'\n').count() - 1 } else { 0 };
        self.spare.clear();
        u64::try_from(lines).unwrap_or(u64::MAX)
    }
}

impl Wake {
    fn now(&self) {
        *locked(&self.asked) = true;
        self.changed.notify_one();
    }

    fn wait(&self) {
        let asked = locked(&self.asked);
        let woken = self.changed.wait_timeout_while(asked, HAND_ON_AFTER, |asked| !*asked);
        *woken.unwrap_or_else(PoisonError::into_inner).0 = false;
    }
}

fn write_until_gone(wake: &Wake, lines: &Weak<Inner>) {
    while let Some(lines) = lines.upgrade() {
        lines.drain();
        drop(lines);
        wake.wait();
    }
}

/// A panic elsewhere leaves whole lines behind, since each is appended in one step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// Hands every write to the test, and takes the next one only when the test lets it.
    struct Taken(Sender<Vec<u8>>, Option<Receiver<()>>);

    impl Write for Taken {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if let Some(may_write) = &self.1 {
                let _ = may_write.recv();
            }
            self.0.send(bytes.to_vec()).map_err(std::io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn next(written: &Receiver<Vec<u8>>) -> String {
        String::from_utf8(written.recv_timeout(Duration::from_secs(10)).unwrap()).unwrap()
    }

    #[test]
    fn a_line_is_written_soon_although_nobody_flushes() {
        let (sender, written) = channel();
        let lines = Lines::to(Taken(sender, None)).unwrap();
        lines.append(b"one\n", false);
        assert_eq!(next(&written), "one\n");
    }

    #[test]
    fn flush_returns_when_every_threads_lines_are_written_whole() {
        let (sender, written) = channel();
        let lines = Lines::to(Taken(sender, None)).unwrap();
        std::thread::scope(|threads| {
            for name in ["a", "b", "c"] {
                let lines = &lines;
                threads.spawn(move || {
                    for number in 0..1000 {
                        lines.append(format!("{name} {number}\n").as_bytes(), false);
                    }
                });
            }
        });
        lines.flush();
        let all: String = written.try_iter().map(|bytes| String::from_utf8(bytes).unwrap()).collect();
        for name in ["a", "b", "c"] {
            let own = all.lines().filter_map(|line| line.strip_prefix(name)?.trim().parse::<u32>().ok());
            assert!(own.eq(0..1000), "thread {name}");
        }
    }

    #[test]
    fn the_share_of_a_thread_that_ended_is_let_go() {
        let lines = Lines::to(std::io::sink()).unwrap();
        let other = lines.clone();
        std::thread::spawn(move || other.append(b"last words\n", false)).join().unwrap();
        lines.flush();
        assert_eq!(locked(&lines.0.shares).len(), 0);
    }

    #[test]
    fn an_output_that_stands_still_costs_lines_and_says_how_many() {
        let (sender, written) = channel();
        let (let_write, may_write) = channel();
        let lost_before = lost();
        let lines = Lines::to(Taken(sender, Some(may_write))).unwrap();
        let line = [&[b'x'; 1023][..], b"\n"].concat();
        for _ in 0..3000 {
            lines.append(&line, false);
        }
        drop(let_write);
        lines.flush();
        let all: String = written.try_iter().map(|bytes| String::from_utf8(bytes).unwrap()).collect();
        let kept = all.lines().filter(|line| line.starts_with('x')).count();
        let report: serde_json::Value =
            all.lines().find_map(|line| serde_json::from_str(line).ok()).expect("a line tells of the loss");
        assert_eq!(report["lost"], 3000 - kept);
        assert_eq!(lost() - lost_before, 3000 - kept as u64);
    }

    /// A disk that is full.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_of_a_share_that_cannot_be_written_is_lost_once() {
        let mut output = Output { writer: Box::new(Full), spare: Vec::new() };
        let share = Share::new(Mutex::new(b"one\ntwo\nthree\n".to_vec()));
        assert_eq!(output.take(&share), 3);
        assert_eq!(output.take(&share), 0);

        *locked(&share) = b"four\n".to_vec();
        output.writer = Box::new(std::io::sink());
        assert_eq!(output.take(&share), 0);
    }
}
