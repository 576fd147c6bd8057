//! Work that goes on beside a test, and notes what it sees.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use actix_web::rt;

/// Work on a thread of its own, so that what a test waits for does not slow it. It goes on until it is stopped.
pub(crate) struct Beside<T> {
    notes: Notes<T>,
    thread: JoinHandle<()>,
}

/// What it has seen, and whether it goes on.
pub(crate) struct Notes<T> {
    goes_on: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<T>>>,
}

impl<T: Clone + Send + 'static> Beside<T> {
    /// Work that ends soon after its notes say that it does not go on.
    pub(crate) fn start<W: Future<Output = ()>>(work: impl FnOnce(Notes<T>) -> W + Send + 'static) -> Self {
        let notes = Notes { goes_on: Arc::new(AtomicBool::new(true)), seen: Arc::default() };
        let own = notes.clone();
        let thread = thread::spawn(move || rt::System::new().block_on(work(own)));
        Self { notes, thread }
    }

    /// What it has seen so far.
    pub(crate) fn so_far(&self) -> Vec<T> {
        self.notes.seen.lock().unwrap().clone()
    }

    /// Stops it, and waits until it has ended; all that it has seen.
    pub(crate) async fn stop(self) -> Vec<T> {
        let Self { notes, thread } = self;
        notes.goes_on.store(false, Ordering::Relaxed);
        rt::task::spawn_blocking(move || thread.join()).await.unwrap().expect("the work goes on whatever happens");
        std::mem::take(&mut *notes.seen.lock().unwrap())
    }
}

impl<T> Notes<T> {
    /// Whether the work goes on.
    pub(crate) fn go_on(&self) -> bool {
        self.goes_on.load(Ordering::Relaxed)
    }

    /// Notes what was seen.
    pub(crate) fn add(&self, seen: T) {
        self.seen.lock().unwrap().push(seen);
    }
}

impl<T> Clone for Notes<T> {
    fn clone(&self) -> Self {
        Self { goes_on: Arc::clone(&self.goes_on), seen: Arc::clone(&self.seen) }
    }
}
