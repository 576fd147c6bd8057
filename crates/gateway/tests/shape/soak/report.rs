//! Looks at everything once nothing is on its way, and tells what was seen.

use std::cell::RefCell;
use std::fmt::Write as _;

use super::book::End;
use super::changes::{Changes, Links, not_deleted, wrong_creates, wrong_descriptions, wrong_links, wrong_messages};
use super::events::Inbox;
use super::faults::ended_by_themselves;
use super::growth::Growth;
use super::plan::Faults;
use super::{REPLICAS, Soak, log, rows};

/// How many of the things that are wrong are told.
const TOLD: usize = 20;

impl Soak {
    /// The summary, and what is wrong.
    pub(super) async fn look(&mut self, mut growth: Growth, faults: &Faults) -> (String, Vec<String>) {
        growth.sample();
        let ended = ended_by_themselves(&mut self.world.replicas);
        let (postgres, tenants, book) = (&self.world.postgres, &self.world.tenants, &self.book);
        let (inbox, changes) = (Inbox::read(postgres).await, Changes::read(postgres).await);
        let mut wrong = book.wrong.borrow().clone();
        wrong.extend(ended);
        wrong.extend(inbox.wrong(&self.tap, tenants));
        wrong.extend(inbox.gaps());
        wrong.extend(inbox.not_taken(&self.endpoints, &self.opened));
        wrong.extend(self.endpoints.look(|ledger| ledger.wrong.clone()));
        wrong.extend(changes.wrong(book, &self.tap));
        wrong.extend(wrong_creates(book, &changes, &self.tap, tenants));
        wrong.extend(wrong_messages(book, &self.tap));
        wrong.extend(wrong_descriptions(book, &changes, &self.tap));
        wrong.extend(wrong_links(book, &Links::read(&self.world.meta.control).await));
        wrong.extend(not_deleted(book, &self.tap));
        wrong.extend(rows::foreign(postgres).await);
        wrong.extend(rows::foreign_groups(postgres, book, &self.tap, tenants).await);
        wrong.extend(rows::grown(postgres, &self.asked(faults)).await);
        wrong.extend(log::wrong(&self.world.replicas));
        wrong.extend(log::not_told_again(&self.world.replicas, book));
        wrong.extend(growth.wrong());
        (self.report(&inbox, &changes, &growth, faults), wrong)
    }

    fn asked(&self, faults: &Faults) -> rows::Asked {
        let ended = faults.servers.iter().filter(|one| one.fault.ends_a_replica()).count();
        let book = &self.book;
        rows::Asked {
            tenants: self.world.tenants.len() as u64,
            lives: (REPLICAS + ended) as u64,
            events: self.tap.look(|told| told.events.len()) as u64,
            creates: book.creates.borrow().len() as u64,
            keys: book.keys.get(),
            writes: book.writes.get(),
            requests: book.requests.get(),
        }
    }

    fn report(&self, inbox: &Inbox, changes: &Changes, growth: &Growth, faults: &Faults) -> String {
        let mut text = String::new();
        for ((operation, status, code), count) in self.book.answers.borrow().iter() {
            let _ = writeln!(text, "{count:7} {operation} {status} {code}");
        }
        let _ = writeln!(text, "{}", self.of_events(inbox));
        let _ = writeln!(text, "{}", self.of_changes(changes));
        let _ = writeln!(
            text,
            "{} faults at servers and {} at Meta in {} s, seed {}",
            faults.servers.len(),
            faults.meta.len(),
            self.length.as_secs(),
            self.seed
        );
        let _ = write!(text, "{growth}");
        text
    }

    fn of_events(&self, inbox: &Inbox) -> String {
        let (posts, refused, lost) = self.tap.look(|told| (told.posts, told.refused, told.answers_lost));
        let (tries, (taken, twice)) = self.endpoints.look(|ledger| (ledger.tries, ledger.totals()));
        format!(
            "{} events in {posts} webhooks, of which {refused} were refused and {lost} taken without an answer; {taken} \
             delivered in {tries} tries, {twice} of them twice ({:.2} %); {} pulled, {} streamed",
            inbox.len(),
            100.0 * f64::from(u32::try_from(twice).unwrap()) / f64::from(u32::try_from(taken.max(1)).unwrap()),
            self.book.pulled.get(),
            self.book.streamed.get(),
        )
    }

    fn of_changes(&self, changes: &Changes) -> String {
        let lists = self.book.lists().map(RefCell::borrow);
        let ends =
            |end: fn(&End) -> bool| lists.iter().flat_map(|list| list.iter()).filter(|asked| end(&asked.end)).count();
        let [creates, messages, links, descriptions] = lists.each_ref().map(|list| list.len());
        format!(
            "{creates} groups, {messages} messages, {links} links and {descriptions} descriptions asked for: {} done, {} \
             refused, {} unknown without a key, {} unknown with one; changes {:?}; {} keys in {} requests",
            ends(|end| matches!(end, End::Done(_))),
            ends(|end| matches!(end, End::Refused(_))),
            ends(|end| matches!(end, End::Unknown)),
            ends(|end| matches!(end, End::Open)),
            changes.by_status(),
            self.book.keys.get(),
            self.book.requests.get(),
        )
    }
}

/// The first things that are wrong, and how many there are.
pub(super) fn some_of(wrong: &[String]) -> String {
    let first: Vec<&str> = wrong.iter().take(TOLD).map(String::as_str).collect();
    format!("{} things are wrong\n{}", wrong.len(), first.join("\n"))
}
