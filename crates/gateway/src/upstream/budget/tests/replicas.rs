//! What replicas tell each other.

use std::time::Duration;

use super::{HELD, OPEN, World, account};

impl World {
    /// Has this replica told what that one has to tell.
    fn hear_all_of(&self, other: &Self) -> usize {
        let notices = other.budget.notices().take();
        for (quota, until) in &notices {
            self.budget.heard_of_at(quota.kind.name(), &quota.id, *until - other.now, self.now);
        }
        notices.len()
    }
}

#[test]
fn what_meta_told_one_replica_the_others_hold_as_it_does_and_tell_nobody() {
    for code in [4, 17, 80_007, 131_208, 130_429] {
        let (told, mut other) = (World::new(), World::new());
        told.refuse(&told.first, code, Some(Duration::from_mins(1)));
        assert_eq!(other.hear_all_of(&told), 1, "{code}");
        assert_eq!(other.open(), told.open(), "{code}");
        assert_eq!(told.hear_all_of(&other), 0, "{code}");
        other.now += Duration::from_mins(1);
        assert_eq!(World::admit(&other.first, other.write()), Ok(()), "{code}: each tries by itself");
    }
    let (told, other) = (World::new(), World::new());
    told.hear(&told.second, &account("A", 100, 19));
    other.hear_all_of(&told);
    assert_eq!(other.open(), [HELD, HELD, OPEN, OPEN], "an account's header as well");
}

#[test]
fn a_pause_of_its_own_and_a_recipients_quota_a_replica_keeps_to_itself() {
    let (told, other) = (World::new(), World::new());
    told.refuse(&told.first, 131_056, Some(Duration::from_mins(1)));
    told.refuse(&told.first, 4, None);
    assert_eq!(other.hear_all_of(&told), 0);
    other.budget.heard_of("page", "1", Duration::from_mins(1));
    assert_eq!(other.open(), [OPEN; 4], "nor is anything held for what only another version knows");
}
