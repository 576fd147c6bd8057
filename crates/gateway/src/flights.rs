//! One at a time: callers who want the same thing wait for the first, and find what it brought.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// Above this many keys, those that nobody holds are forgotten.
const MANY: usize = 1024;

/// A lock for each key that somebody holds or waits for.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<String, Weak<AsyncMutex<()>>>>);

impl Flights {
    /// Waits until nobody else holds the key, and holds it until the guard is dropped.
    pub(crate) async fn enter(&self, key: &str) -> OwnedMutexGuard<()> {
        self.flight(key).lock_owned().await
    }

    fn flight(&self, key: &str) -> Arc<AsyncMutex<()>> {
        // Nothing panics while the map is locked, and a map of locks has no state that could be broken.
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(key).and_then(Weak::upgrade) {
            return flight;
        }
        if flights.len() >= MANY {
            flights.retain(|_, flight| flight.strong_count() > 0);
        }
        let flight = Arc::new(AsyncMutex::new(()));
        flights.insert(key.to_owned(), Arc::downgrade(&flight));
        flight
    }
}

#[cfg(test)]
mod tests {
    use super::{Flights, MANY};

    #[actix_web::test]
    async fn the_same_key_is_held_by_one_and_another_by_another() {
        let flights = Flights::default();
        let first = flights.enter("a").await;
        let _other = flights.enter("b").await;
        let waits = tokio::time::timeout(std::time::Duration::from_millis(20), flights.enter("a"));
        assert!(waits.await.is_err());
        drop(first);
        flights.enter("a").await;
    }

    #[actix_web::test]
    async fn keys_that_nobody_holds_are_forgotten() {
        let flights = Flights::default();
        for key in 0..5 * MANY {
            flights.enter(&key.to_string()).await;
        }
        assert!(flights.0.lock().unwrap().len() <= MANY);
    }
}
