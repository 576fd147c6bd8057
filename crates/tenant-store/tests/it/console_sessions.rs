//! Sessions of the console: how long they last, and what is left of them.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use sqlx::AssertSqlSafe;
use tenant_store::{ConsoleSession, NewConsoleSession, StoreError};
use time::OffsetDateTime;

use crate::helpers::{World, actor, secret};

const IDLE: Duration = Duration::from_mins(30);
const PROOF: &str = "Basic YW46YWRtaW4=";

fn id(nth: u8) -> String {
    format!("{nth:064x}")
}

async fn begin(world: &World, id: &str) -> Result<(), StoreError> {
    let ends_at = OffsetDateTime::now_utc() + time::Duration::hours(12);
    let new = NewConsoleSession { session_id: id, proof: &secret(PROOF), ends_at };
    world.store.begin_console_session(&new, &actor()).await
}

async fn read(world: &World, id: &str) -> Option<ConsoleSession> {
    world.store.console_session(id, IDLE).await.unwrap()
}

/// Moves one of a session's times, by SQL's word for it.
async fn shift(world: &World, id: &str, column: &str, by: &str) {
    let shifted = format!("update console_sessions set {column} = now() - interval '{by}' where session_id = $1");
    sqlx::query(AssertSqlSafe(shifted)).bind(id).execute(&world.owner().await).await.unwrap();
}

#[tokio::test]
async fn a_session_shows_its_proof_until_it_is_ended_idle_or_over() {
    let world = World::new().await;
    for nth in 1..=3 {
        begin(&world, &id(nth)).await.unwrap();
        let session = read(&world, &id(nth)).await.unwrap();
        assert_eq!((session.proof.expose_secret(), session.actor), (PROOF, actor().name));
    }
    assert!(matches!(begin(&world, &id(1)).await, Err(StoreError::Conflict { .. })), "an ID is nobody else's");
    assert!(world.store.end_console_session(&id(1), &actor()).await.unwrap());
    assert!(!world.store.end_console_session(&id(1), &actor()).await.unwrap(), "it is ended once");
    shift(&world, &id(2), "seen_at", "31 minutes").await;
    shift(&world, &id(3), "ends_at", "1 second").await;
    for nth in 1..=3 {
        assert!(read(&world, &id(nth)).await.is_none(), "{nth}");
    }
    let entries = world.store.space("_system").audit(10).await.unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["console.sign_out", "console.sign_in", "console.sign_in", "console.sign_in"]);
    assert!(!format!("{entries:?}").contains(PROOF));
}

#[tokio::test]
async fn whoever_goes_on_stays_signed_in_and_what_is_over_is_forgotten() {
    let world = World::new().await;
    for nth in 1..=3 {
        begin(&world, &id(nth)).await.unwrap();
    }
    shift(&world, &id(1), "seen_at", "29 minutes").await;
    assert!(read(&world, &id(1)).await.is_some());
    shift(&world, &id(2), "seen_at", "31 minutes").await;
    shift(&world, &id(3), "ends_at", "1 second").await;
    assert_eq!(world.store.forget_console_sessions(IDLE, 1).await.unwrap(), 1);
    assert_eq!(world.store.forget_console_sessions(IDLE, 10).await.unwrap(), 1);
    assert_eq!(world.store.forget_console_sessions(IDLE, 10).await.unwrap(), 0, "the first was used just now");
    assert!(read(&world, &id(1)).await.is_some());
}
