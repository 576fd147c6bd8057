//! What replicas tell each other.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Executor as _, PgPool};
use tenant_store::{NewAccessKey, NotBefore, Notification, Notifications};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};

use crate::helpers::{
    ALPHA, ALPHA_PHONE, BETA, KEY_A, TestEvent, World, actor, connect, connect_to, create, new_number, new_tenant,
    secret,
};

async fn next(notifications: &mut Notifications) -> Notification {
    timeout(Duration::from_mins(1), notifications.next()).await.expect("a notification within a minute")
}

async fn superuser(world: &World) -> PgPool {
    PgPool::connect(world.database.superuser_url.expose_secret()).await.unwrap()
}

#[tokio::test]
async fn every_change_of_tenants_and_keys_names_what_is_stale() {
    let world = World::with_tenants().await;
    let mut notifications = world.store.listen().await.unwrap();
    world.store.space(ALPHA).set_credential(&secret("EAAB-token-of-alpha"), &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Tenants(ALPHA.to_owned()));
    world.store.space(BETA).suspend("unpaid", &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Tenants(BETA.to_owned()));
    let key = world.store.create_access_key(&NewAccessKey::default(), &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::AccessKeys(key.access_key_id.clone()));
    world.store.revoke_access_key(&key.access_key_id, None, &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::AccessKeys(key.access_key_id));
}

#[tokio::test]
async fn a_batch_is_told_once_when_it_is_routed_and_not_when_it_comes() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let mut notifications = world.store.listen().await.unwrap();
    let mut events = Vec::new();
    for number in 0..5 {
        let (subject, request_id) = (format!("Team {number}"), format!("req-{number}"));
        let code = space.begin_change(&create(&subject)).await.unwrap();
        space.record_answer(code, Some(&request_id)).await.unwrap();
        events.push(TestEvent::created(Some(&request_id), &subject, &format!("G{number}")));
    }
    world.receive(&events).await;
    world.receive(&events).await;
    assert_eq!(world.route().await.settled, 5);
    assert_eq!(next(&mut notifications).await, Notification::Changes);
    assert_eq!(next(&mut notifications).await, Notification::Published(vec![ALPHA.to_owned()]));
    // The next is the marker, so nothing came between.
    world.store.space(ALPHA).suspend("marker", &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Tenants(ALPHA.to_owned()));
}

#[tokio::test]
async fn after_the_connection_was_cut_it_says_reconnected_and_goes_on() {
    let world = World::with_tenants().await;
    let mut notifications = world.store.listen().await.unwrap();
    assert_eq!(end_listening(&world).await, 1);
    assert_eq!(next(&mut notifications).await, Notification::Reconnected);
    world.store.space(ALPHA).suspend("after the cut", &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Tenants(ALPHA.to_owned()));
}

#[tokio::test]
async fn nothing_is_heard_between_two_connections() {
    let world = World::with_tenants().await;
    let mut notifications = world.store.listen().await.unwrap();
    assert_eq!(end_listening(&world).await, 1);
    for _ in 0..2 {
        assert_eq!(timeout(Duration::from_mins(1), notifications.heard()).await.unwrap(), None);
    }
    assert_eq!(notifications.reconnected().await, Notification::Reconnected);
    world.store.space(ALPHA).suspend("heard again", &actor()).await.unwrap();
    assert_eq!(notifications.heard().await, Some(Notification::Tenants(ALPHA.to_owned())));
}

#[tokio::test]
async fn a_connection_that_is_lost_without_a_word_is_noticed_and_made_anew() {
    let world = World::with_tenants().await;
    let relay = Relay::start(world.database.port).await;
    let (direct, relayed) = (format!(":{}/", world.database.port), format!(":{}/", relay.port));
    let url = SecretString::from(world.database.app_url.expose_secret().replace(&direct, &relayed));
    let mut notifications = connect_to(&url, KEY_A).await.listen().await.unwrap();
    relay.silence();
    assert_eq!(end_listening(&world).await, 1);
    world.store.space(ALPHA).suspend("unheard", &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Reconnected);
    world.store.space(BETA).suspend("heard", &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Tenants(BETA.to_owned()));
    assert_eq!(lives(&world).await, 1, "others see that it lives");
}

/// Ends the sessions that listen; how many that were.
async fn end_listening(world: &World) -> u64 {
    let end = "select pg_terminate_backend(pid) from pg_stat_activity
               where query like 'LISTEN%' and datname = current_database()";
    sqlx::query(end).execute(&superuser(world).await).await.unwrap().rows_affected()
}

/// How many sessions show that their process lives.
async fn lives(world: &World) -> i64 {
    let held = "select count(*) from pg_locks l join pg_database d on d.oid = l.database
                where d.datname = current_database() and l.locktype = 'advisory' and l.mode = 'ShareLock' and l.granted";
    sqlx::query_scalar(held).fetch_one(&superuser(world).await).await.unwrap()
}

/// In front of PostgreSQL.
struct Relay {
    port: u16,
    silence: watch::Sender<()>,
}

impl Relay {
    async fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, silence) = (listener.local_addr().unwrap().port(), watch::Sender::new(()));
        let subscribed = silence.subscribe();
        tokio::spawn(async move {
            loop {
                let (client, mut silenced) = (listener.accept().await.unwrap().0, subscribed.clone());
                silenced.mark_unchanged();
                tokio::spawn(carry(client, server, silenced));
            }
        });
        Self { port, silence }
    }

    /// From now on nothing comes through on the connections that stand, which stay open; it does on new ones.
    fn silence(&self) {
        self.silence.send_replace(());
    }
}

async fn carry(mut client: TcpStream, server: u16, mut silenced: watch::Receiver<()>) {
    let mut server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = silenced.changed() => std::future::pending().await,
    }
}

#[tokio::test]
async fn a_new_tenant_and_a_new_number_are_told() {
    let world = World::new().await;
    let mut notifications = world.store.listen().await.unwrap();
    world.store.add_tenant(&new_tenant(ALPHA), &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Tenants(ALPHA.to_owned()));
    let number = new_number("15550000001", ALPHA_PHONE);
    world.store.space(ALPHA).add_number(&number, &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Tenants(ALPHA.to_owned()));
}

#[tokio::test]
async fn a_change_that_was_rolled_back_is_not_told() {
    let world = World::with_tenants().await;
    let mut notifications = world.store.listen().await.unwrap();
    let taken = new_number("15559999999", ALPHA_PHONE);
    world.store.space(BETA).add_number(&taken, &actor()).await.unwrap_err();
    world.store.space(ALPHA).suspend("marker", &actor()).await.unwrap();
    assert_eq!(next(&mut notifications).await, Notification::Tenants(ALPHA.to_owned()));
}

#[tokio::test]
async fn a_time_of_metas_is_told_to_all_other_processes() {
    let world = World::with_tenants().await;
    let other = connect(&world.database, KEY_A).await;
    let (mut mine, mut theirs) = (world.store.listen().await.unwrap(), other.listen().await.unwrap());
    let told = NotBefore { quota: "waba".to_owned(), id: "102".to_owned(), wait: Duration::from_mins(1) };
    let garbled = "select pg_notify('groupgate_not_before', 'garbled')";
    superuser(&world).await.execute(garbled).await.unwrap();
    world.store.tell_not_before(&told).await.unwrap();
    assert_eq!(next(&mut theirs).await, Notification::NotBefore(told));
    world.store.space(ALPHA).suspend("marker", &actor()).await.unwrap();
    assert_eq!(next(&mut mine).await, Notification::Tenants(ALPHA.to_owned()), "whoever tells it knows it");
}
