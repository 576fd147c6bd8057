//! Start, stop, and every way in which that can be cut short.

use std::time::{Duration, Instant};

use tenant_store::private_server::{PrivateServer, PrivateServerError};

use super::child::Parent;
use super::processes::{eventually, group_leader, processes_on, sigkill, sigkill_group};
use super::{Place, execute, start, text};

const MAKE_DATA: &str = "create table kept (word text); insert into kept values ('still here')";
const READ_DATA: &str = "select word from kept";

#[tokio::test]
async fn data_survives_a_stop_and_a_start() {
    let place = Place::new();
    let server = start(&place.data_dir()).await.unwrap();
    execute(&server.superuser_url("postgres"), MAKE_DATA).await;
    server.stop().await.unwrap();

    let server = start(&place.data_dir()).await.unwrap();
    assert_eq!(text(&server.superuser_url("postgres"), READ_DATA).await, "still here");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_stop_takes_two_seconds_at_most_and_leaves_no_process() {
    let place = Place::new();
    let mut times = Vec::new();
    // A machine that does other things may be slow once, and a stop that waits for its clients is it each time.
    while times.iter().all(|time| *time >= Duration::from_secs(2)) {
        assert!(times.len() < 4, "{times:?}");
        let server = start(&place.data_dir()).await.unwrap();
        let _busy = super::connect(&server.superuser_url("postgres")).await;
        let began = Instant::now();
        server.stop().await.unwrap();
        times.push(began.elapsed());
        assert_eq!(processes_on(&place.cluster()), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_dropped_server_ends_too() {
    let place = Place::new();
    drop(start(&place.data_dir()).await.unwrap());
    eventually("no process is left", || processes_on(&place.cluster()).is_empty());
}

#[test]
fn a_parent_that_is_killed_leaves_no_process() {
    let place = Place::new();
    let parent = Parent::start(&place.data_dir());
    assert!(!processes_on(&place.cluster()).is_empty());
    sigkill(parent.pid());
    eventually("no process is left", || processes_on(&place.cluster()).is_empty());
}

#[tokio::test]
async fn after_a_sigkill_of_everything_the_next_start_recovers() {
    let place = Place::new();
    let server = start(&place.data_dir()).await.unwrap();
    execute(&server.superuser_url("postgres"), MAKE_DATA).await;
    server.stop().await.unwrap();
    let parent = Parent::start(&place.data_dir());
    sigkill_group(parent.postmaster);
    sigkill(parent.pid());
    drop(parent);
    assert!(place.cluster().join("postmaster.pid").exists());

    let server = start(&place.data_dir()).await.unwrap();
    assert_eq!(text(&server.superuser_url("postgres"), READ_DATA).await, "still here");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_lost_its_supervisor_is_ended_by_the_next_start() {
    let place = Place::new();
    let parent = Parent::start(&place.data_dir());
    let orphan = parent.postmaster;
    sigkill(group_leader(orphan));
    sigkill(parent.pid());
    drop(parent);

    let server = start(&place.data_dir()).await.unwrap();
    assert_ne!(server.pid(), orphan);
    eventually("the orphan is gone", || {
        !processes_on(&place.cluster()).iter().any(|line| line.starts_with(&format!("{orphan} ")))
    });
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_lost_its_supervisor_is_ended_by_stop() {
    let place = Place::new();
    let server = start(&place.data_dir()).await.unwrap();
    sigkill(group_leader(server.pid()));
    server.stop().await.unwrap();
    assert_eq!(processes_on(&place.cluster()), Vec::<String>::new());
}

#[tokio::test]
async fn a_stale_pid_file_that_names_a_stranger_does_not_hinder_a_start() {
    let place = Place::new();
    start(&place.data_dir()).await.unwrap().stop().await.unwrap();
    let stranger = format!("{}\n{}\n1\n5432\n\n127.0.0.1\n", std::process::id(), place.cluster().display());
    std::fs::write(place.cluster().join("postmaster.pid"), stranger).unwrap();
    start(&place.data_dir()).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_first_start_that_was_cut_short_is_made_good_by_the_next() {
    let place = Place::new();
    let unfinished = place.data_dir().join("cluster.unfinished");
    std::fs::create_dir_all(&unfinished).unwrap();
    std::fs::write(unfinished.join("PG_VERSION"), "15\n").unwrap();
    std::fs::write(place.data_dir().join("superuser.password"), "").unwrap();
    let server = start(&place.data_dir()).await.unwrap();
    assert_eq!(text(&server.superuser_url("postgres"), "select 'works'").await, "works");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_data_directory_that_is_in_use_is_refused_with_the_holder_named() {
    let place = Place::new();
    let server = start(&place.data_dir()).await.unwrap();
    let error = start(&place.data_dir()).await.unwrap_err();
    assert!(matches!(error, PrivateServerError::InUse { .. }), "{error}");
    let said = error.to_string();
    assert!(said.contains(&format!("in use by process {}", std::process::id())), "{said}");
    assert_eq!(text(&server.superuser_url("postgres"), "select 'unharmed'").await, "unharmed");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_directory_with_other_things_in_it_is_refused_and_left_alone() {
    let place = Place::new();
    std::fs::create_dir(place.data_dir()).unwrap();
    let letter = place.data_dir().join("letter.txt");
    std::fs::write(&letter, "dear").unwrap();
    let error = start(&place.data_dir()).await.unwrap_err();
    assert!(error.to_string().contains("letter.txt"), "{error}");
    assert_eq!(std::fs::read_dir(place.data_dir()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_cluster_of_a_version_that_is_not_installed_is_refused_with_both_named() {
    let place = Place::new();
    std::fs::create_dir_all(place.cluster()).unwrap();
    std::fs::write(place.cluster().join("PG_VERSION"), "9\n").unwrap();
    let error = start(&place.data_dir()).await.unwrap_err();
    assert!(error.to_string().contains("made by PostgreSQL 9, which is not installed"), "{error}");
}

#[tokio::test]
async fn a_server_that_cannot_start_shows_the_end_of_its_log() {
    let place = Place::new();
    start(&place.data_dir()).await.unwrap().stop().await.unwrap();
    let settings = place.cluster().join("postgresql.conf");
    std::fs::write(&settings, "work_mem = 'a lot'\n").unwrap();
    let error = start(&place.data_dir()).await.unwrap_err();
    assert!(error.to_string().contains("work_mem"), "{error}");
    assert_eq!(processes_on(&place.cluster()), Vec::<String>::new());
}

#[tokio::test]
async fn removed_data_is_gone_and_the_next_start_is_a_first_one() {
    let place = Place::new();
    let server = start(&place.data_dir()).await.unwrap();
    let refused = PrivateServer::remove(&place.data_dir()).await.unwrap_err();
    assert!(matches!(refused, PrivateServerError::InUse { .. }), "{refused}");
    server.stop().await.unwrap();
    PrivateServer::remove(&place.data_dir()).await.unwrap();
    assert_eq!(std::fs::read_dir(place.data_dir()).unwrap().count(), 0);
    start(&place.data_dir()).await.unwrap().stop().await.unwrap();
}
