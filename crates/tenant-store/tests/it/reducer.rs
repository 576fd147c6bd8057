//! The mirror of groups as a reducer: any order and any doubling of what Meta tells ends in the same state.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use sqlx::PgPool;
use tenant_store::{Group, GroupLifecycle, GroupUpdate, InboxEvent, Routing};
use time::{Duration, OffsetDateTime};

use crate::helpers::{ALPHA, ALPHA_PHONE, TestEvent, World, at_second};

/// How many histories are tried, unless `PROPTEST_CASES` says otherwise.
const HISTORIES: u32 = 16;

/// What Meta tells of one group.
#[derive(Debug, Clone)]
struct Told {
    /// In few seconds, so that many things are told for the same one, also for that of the making.
    second: i64,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Subject(&'static str),
    Description(&'static str),
    Mode(&'static str),
    Suspended(bool),
    Link(&'static str),
    Joined(i32),
    Left(i32),
    Deleted,
}

/// The group's making, and what became of it: a group is made once, and before all else.
#[derive(Debug, Clone)]
struct History {
    participants: i32,
    later: Vec<Told>,
}

/// In which order what was told comes: each event by a draw from what is left, and which of them come again.
#[derive(Debug, Clone)]
struct Delivery {
    draws: Vec<Index>,
    again: Vec<Index>,
    batch: usize,
}

fn what() -> impl Strategy<Value = What> {
    let word = || prop::sample::select(vec!["", "Team", "team", "Zebra"]);
    prop_oneof![
        prop::sample::select(vec!["Team", "team", "Zebra"]).prop_map(What::Subject),
        word().prop_map(What::Description),
        prop::sample::select(vec!["auto_approve", "approval_required"]).prop_map(What::Mode),
        any::<bool>().prop_map(What::Suspended),
        prop::sample::select(vec!["https://chat.whatsapp.com/a", "https://chat.whatsapp.com/b"]).prop_map(What::Link),
        (1..3).prop_map(What::Joined),
        (1..3).prop_map(What::Left),
        Just(What::Deleted),
    ]
}

fn history() -> impl Strategy<Value = History> {
    let told = (0..4_i64, what()).prop_map(|(second, what)| Told { second, what });
    (0..4, prop::collection::vec(told, 0..7)).prop_map(|(participants, later)| History { participants, later })
}

fn delivery() -> impl Strategy<Value = Delivery> {
    let indices = || prop::collection::vec(any::<Index>(), 8);
    (indices(), prop::collection::vec(any::<Index>(), 0..5), 2..6_usize).prop_map(|(draws, again, batch)| Delivery {
        draws,
        again,
        batch,
    })
}

impl History {
    /// Its events, for a group of this ID.
    fn events(&self, group_id: &str) -> Vec<TestEvent> {
        let made = json!({"second": 0, "subject": "New", "mode": "auto_approve", "link": "https://chat.whatsapp.com/new",
                          "lifecycle": "ACTIVE", "participants": self.participants});
        let later = self.later.iter().map(|told| told.what.payload(told.second));
        let of_group = |mut payload: Value| {
            payload["group_id"] = group_id.into();
            TestEvent::new(payload)
        };
        std::iter::once(made).chain(later).map(of_group).collect()
    }
}

impl History {
    /// Of which seconds different things are told of each kind that is looked up at Meta, and the last second of that kind.
    fn ties(&self) -> Vec<(BTreeSet<i64>, i64)> {
        let mut kinds: BTreeMap<&str, BTreeMap<i64, BTreeSet<String>>> = BTreeMap::new();
        for told in &self.later {
            let kind = match told.what {
                What::Subject(_) => "subject",
                What::Description(_) => "description",
                What::Mode(_) => "mode",
                What::Suspended(_) => "suspended",
                What::Link(_) | What::Joined(_) | What::Left(_) | What::Deleted => continue,
            };
            kinds.entry(kind).or_default().entry(told.second).or_default().insert(format!("{:?}", told.what));
        }
        let ties_of = |seconds: &BTreeMap<i64, BTreeSet<String>>| {
            let tied = seconds.iter().filter(|(_, told)| told.len() > 1).map(|(second, _)| *second).collect();
            seconds.last_key_value().map(|(last, _)| (tied, *last))
        };
        kinds.values().filter_map(ties_of).collect()
    }
}

impl What {
    fn payload(&self, second: i64) -> Value {
        match self {
            Self::Subject(text) => json!({"second": second, "subject": text}),
            Self::Description(text) => json!({"second": second, "description": text}),
            Self::Mode(mode) => json!({"second": second, "mode": mode}),
            Self::Suspended(is) => json!({"second": second, "suspended": is}),
            Self::Link(link) => json!({"second": second, "link": link}),
            Self::Joined(users) => json!({"second": second, "delta": users}),
            Self::Left(users) => json!({"second": second, "delta": -users}),
            Self::Deleted => json!({"second": second, "lifecycle": "INACTIVE"}),
        }
    }
}

impl Delivery {
    /// The events as they come.
    fn of(&self, mut events: Vec<TestEvent>) -> Vec<TestEvent> {
        let mut come = Vec::new();
        for draw in &self.draws {
            if !events.is_empty() {
                come.push(events.remove(draw.index(events.len())));
            }
        }
        come.append(&mut events);
        for again in &self.again {
            let double = come[again.index(come.len())].clone();
            come.insert(again.index(come.len() + 1), double);
        }
        come
    }
}

/// What such an event means.
fn meaning(event: &InboxEvent) -> Routing {
    let value: Value = serde_json::from_str(&event.value).unwrap();
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let number = |name: &str| value[name].as_i64().map(|number| i32::try_from(number).unwrap());
    let at = at_second(value["second"].as_i64().unwrap());
    let lifecycle = text("lifecycle").map(|lifecycle| match lifecycle.as_str() {
        "ACTIVE" => GroupLifecycle::Active,
        _ => GroupLifecycle::Inactive,
    });
    let group = GroupUpdate {
        group_id: text("group_id").unwrap(),
        occurred_at: Some(at),
        subject: text("subject"),
        description: text("description"),
        join_approval_mode: text("mode"),
        lifecycle,
        suspended: value["suspended"].as_bool(),
        invite_link: text("link"),
        total_participant_count: number("participants"),
        participants_delta: number("delta").unwrap_or_default(),
        creation_timestamp: value["participants"].is_i64().then_some(at),
    };
    Routing { group_id: Some(group.group_id.clone()), group: Some(group), ..Routing::default() }
}

struct Mirror {
    world: World,
    owner: PgPool,
}

impl Mirror {
    async fn deliver(&self, events: &[TestEvent], batch: usize) {
        for batch in events.chunks(batch) {
            self.world.receive(batch).await;
            while self.world.store.route_events(1_000, meaning).await.unwrap().found_any() {}
        }
    }

    async fn group(&self, group_id: &str) -> Group {
        self.world.store.space(ALPHA).group(ALPHA_PHONE, group_id).await.unwrap().unwrap()
    }

    /// A group of which nothing is known, and nobody asks.
    async fn know(&self, group_id: &str) {
        let known =
            "insert into groups (cust_space_id, phone_number_id, group_id, details_due) values ($1, $2, $3, null)";
        sqlx::query(known).bind(ALPHA).bind(ALPHA_PHONE).bind(group_id).execute(&self.owner).await.unwrap();
    }

    /// From when on the group is looked up at Meta.
    async fn due(&self, group_id: &str) -> Option<OffsetDateTime> {
        let due = sqlx::query_scalar("select details_due from groups where group_id = $1");
        due.bind(group_id).fetch_one(&self.owner).await.unwrap()
    }

    /// What a look at Meta finds, asked at this moment.
    async fn look_up(&self, group_id: &str, asked_at: OffsetDateTime) {
        let found = GroupUpdate {
            group_id: group_id.to_owned(),
            subject: Some("Found".to_owned()),
            description: Some("found".to_owned()),
            join_approval_mode: Some("auto_approve".to_owned()),
            suspended: Some(false),
            total_participant_count: Some(3),
            ..GroupUpdate::default()
        };
        let space = self.world.store.space(ALPHA);
        space.record_group_details(ALPHA_PHONE, group_id, asked_at, Some(found)).await.unwrap();
    }
}

/// All of a group but what names it, and what counts our own writes.
fn state(group: Group) -> Group {
    Group { group_id: String::new(), modified_at: at_second(0), ..group }
}

async fn ends_in_the_same_state(mirror: &Mirror, name: &str, history: &History, deliveries: &[Delivery; 2]) {
    let names = [0, 1].map(|nth| format!("{name}-{nth}"));
    let mut groups = Vec::new();
    for (group_id, delivery) in names.iter().zip(deliveries) {
        mirror.know(group_id).await;
        mirror.deliver(&delivery.of(history.events(group_id)), delivery.batch).await;
        let group = mirror.group(group_id).await;
        is_asked_for_where_that_is_open(history, &group, mirror.due(group_id).await);
        groups.push(group);
    }
    let counts: Vec<i32> = groups.iter().filter_map(|group| group.total_participant_count).collect();
    assert!(counts.windows(2).all(|pair| pair[0] == pair[1]), "two counts: {counts:?}");
    let [one, other] = [0, 1].map(|nth| Group { total_participant_count: None, ..state(groups[nth].clone()) });
    assert!(one == other, "{:?} and {:?}", told_apart(&one), told_apart(&other));
    let asked_at = OffsetDateTime::now_utc() + Duration::hours(1);
    for group_id in &names {
        mirror.look_up(group_id, asked_at).await;
        assert_eq!(mirror.due(group_id).await, None, "it was looked up");
    }
    let [one, other] = [mirror.group(&names[0]).await, mirror.group(&names[1]).await].map(state);
    assert!(one == other, "they differ after a look: {:?} and {:?}", told_apart(&one), told_apart(&other));
}

/// Where nobody knows what stands, or how many there are, Meta is asked; where all of it is known, nobody is.
fn is_asked_for_where_that_is_open(history: &History, group: &Group, due: Option<OffsetDateTime>) {
    let ties = history.ties();
    let is_open = group.total_participant_count.is_none() || ties.iter().any(|(tied, last)| tied.contains(last));
    let may_be_open = is_open || ties.iter().any(|(tied, _)| !tied.is_empty());
    assert!(due.is_some() || !is_open, "nobody asks: {history:?}");
    assert!(due.is_none() || may_be_open, "somebody asks for what is known: {history:?}");
}

/// What a failure shows.
fn told_apart(group: &Group) -> impl std::fmt::Debug {
    let Group { subject, description, join_approval_mode, invite_link, .. } = group.clone();
    let times = (group.creation_timestamp, group.last_event_at, group.total_participant_count);
    (subject, description, join_approval_mode, invite_link, group.lifecycle, group.suspended, times)
}

#[test]
fn any_order_and_doubling_of_events_ends_in_the_same_state() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mirror = runtime.block_on(async {
        let world = World::with_tenants().await;
        Mirror { owner: world.owner().await, world }
    });
    let chosen = Config::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { chosen.cases } else { HISTORIES };
    let config = Config { cases, failure_persistence: None, ..chosen };
    let names = std::cell::Cell::new(0);
    let tried = TestRunner::new(config).run(&(history(), [delivery(), delivery()]), |(history, deliveries)| {
        names.set(names.get() + 1);
        runtime.block_on(ends_in_the_same_state(&mirror, &format!("G{}", names.get()), &history, &deliveries));
        Ok(())
    });
    tried.unwrap_or_else(|failure| panic!("{failure}"));
}

/// An update of the group `G`, told for this moment.
fn at(moment: OffsetDateTime) -> GroupUpdate {
    GroupUpdate { group_id: "G".to_owned(), occurred_at: Some(moment), ..GroupUpdate::default() }
}

fn subject(moment: OffsetDateTime, text: &str) -> GroupUpdate {
    GroupUpdate { subject: Some(text.to_owned()), ..at(moment) }
}

async fn mirror_of_one() -> Mirror {
    let world = World::with_tenants().await;
    let mirror = Mirror { owner: world.owner().await, world };
    mirror.know("G").await;
    mirror
}

impl Mirror {
    async fn learn(&self, update: &GroupUpdate) {
        self.world.store.space(ALPHA).apply_group(ALPHA_PHONE, update).await.unwrap();
    }

    async fn subject(&self) -> Option<String> {
        self.group("G").await.subject
    }
}

#[tokio::test]
async fn of_two_subjects_of_one_second_the_one_that_a_look_behind_it_finds_is_believed() {
    let mirror = mirror_of_one().await;
    // A second that is not over, however slow the machine is.
    let second = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap() + Duration::hours(1);
    let over = second + Duration::SECOND;
    mirror.learn(&subject(second, "Zebra")).await;
    mirror.learn(&subject(second, "Zebra")).await;
    assert_eq!(mirror.due("G").await, None, "the same once more is no question");
    mirror.learn(&subject(second, "Apple")).await;
    assert_eq!((mirror.subject().await.as_deref(), mirror.due("G").await), (Some("Zebra"), Some(over)));
    // That a count is doubtful is asked for at once, and does not spare the look that is due later.
    mirror.learn(&GroupUpdate { total_participant_count: Some(1), ..at(second) }).await;
    mirror.learn(&GroupUpdate { participants_delta: -2, ..at(second) }).await;
    assert_eq!(mirror.due("G").await, Some(over));
    mirror.look_up("G", second + Duration::milliseconds(500)).await;
    assert_eq!((mirror.subject().await.as_deref(), mirror.due("G").await), (Some("Zebra"), Some(over)));
    mirror.look_up("G", over).await;
    assert_eq!((mirror.subject().await.as_deref(), mirror.due("G").await), (Some("Found"), None));
}

#[tokio::test]
async fn an_update_of_the_second_in_which_a_group_was_made_stands_in_either_order() {
    let second = at_second(1);
    let made = GroupUpdate { creation_timestamp: Some(second), ..subject(second, "Zebra") };
    let updated = subject(second, "Apple");
    for told in [[&made, &updated], [&updated, &made]] {
        let mirror = mirror_of_one().await;
        for update in told {
            mirror.learn(update).await;
        }
        assert_eq!((mirror.subject().await.as_deref(), mirror.due("G").await), (Some("Apple"), None));
    }
}
