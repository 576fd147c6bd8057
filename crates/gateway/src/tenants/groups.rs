//! Whose is a group. That Meta answers for an ID is never proof: one token may see the groups of two tenants.

use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

use quick_cache::Equivalent;
use quick_cache::sync::Cache;

use tokio::sync::OwnedMutexGuard;

use super::Number;
use crate::cache;
use crate::flights::Flights;
use crate::telemetry::metrics::CacheFigures;

/// How many groups are remembered at the most.
const KNOWN: usize = 200_000;
/// How many IDs that nobody knows are remembered at the most.
const UNKNOWN: usize = 20_000;
/// How long an ID that the number's list did not have is not looked for again.
const FORGET_UNKNOWN: Duration = Duration::from_mins(1);

/// Groups that are known to belong to a number, and IDs that are known not to.
pub struct KnownGroups {
    known: Cache<Key, ()>,
    unknown: Cache<Key, Instant>,
    searches: Flights,
}

/// The three IDs of a [`Borrowed`] with blanks between them, of which the first two have none: one small piece of memory for
/// each group that is in use.
#[derive(Clone, PartialEq, Eq)]
struct Key(Box<str>);

/// A key that borrows, so that the look-up allocates nothing.
#[derive(PartialEq, Eq, Hash)]
struct Borrowed<'a> {
    tenant: &'a str,
    number: &'a str,
    group: &'a str,
}

impl Equivalent<Key> for Borrowed<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self == key.parts()
    }
}

impl Key {
    fn parts(&self) -> Borrowed<'_> {
        let mut parts = self.0.splitn(3, ' ');
        let [tenant, number, group] = std::array::from_fn(|_| parts.next().unwrap_or_default());
        Borrowed { tenant, number, group }
    }
}

/// As the borrowed one, which finds it.
impl Hash for Key {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.parts().hash(hasher);
    }
}

impl Default for KnownGroups {
    fn default() -> Self {
        Self { known: Cache::new(KNOWN), unknown: Cache::new(UNKNOWN), searches: Flights::default() }
    }
}

impl KnownGroups {
    /// How the caches stand now.
    pub(crate) fn caches(&self) -> [CacheFigures; 2] {
        [cache::figures("groups", &self.known), cache::figures("unknown_groups", &self.unknown)]
    }

    /// Whether the group is known to be the number's.
    pub fn contains(&self, number: &Number, group_id: &str) -> bool {
        self.known.get(&borrowed(number, group_id)).is_some()
    }

    /// Lets one caller at a time look for groups of the number.
    pub async fn search(&self, number: &Number) -> OwnedMutexGuard<()> {
        self.searches.enter(number.phone_number_id.as_str()).await
    }

    /// The group is the number's.
    pub fn insert(&self, number: &Number, group_id: &str) {
        self.known.insert(owned(number, group_id), ());
    }

    /// The number's list did not have it.
    pub fn insert_unknown(&self, number: &Number, group_id: &str) {
        self.unknown.insert(owned(number, group_id), Instant::now());
    }

    /// Whether the number's list lately did not have it.
    pub fn is_unknown(&self, number: &Number, group_id: &str) -> bool {
        self.unknown.get(&borrowed(number, group_id)).is_some_and(|since| since.elapsed() < FORGET_UNKNOWN)
    }
}

fn borrowed<'a>(number: &'a Number, group_id: &'a str) -> Borrowed<'a> {
    Borrowed { tenant: number.cust_space_id.as_str(), number: number.phone_number_id.as_str(), group: group_id }
}

fn owned(number: &Number, group_id: &str) -> Key {
    let Borrowed { tenant, number, group } = borrowed(number, group_id);
    Key(format!("{tenant} {number} {group}").into())
}
