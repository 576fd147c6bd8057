//! Which user the server's processes run as, and where the data lies then.
//!
//! Root and an ordinary user meet different obstacles: run by root, these tests try both; run by an
//! ordinary user, they try what that user meets, and say what they could not try.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::{Uid, User};
use tenant_store::private_server::PrivateServer;

use super::child::{Parent, test_binary};
use super::processes::{eventually, processes_on, user_of};
use super::{Place, execute, start, text};

fn only_root_tries(what: &str) -> bool {
    let root = Uid::effective().is_root();
    if !root {
        println!("not run by root, so that this was not tried: {what}");
    }
    root
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Copies a program by a process of its own. If this one wrote the copy, a child that another test is just
/// starting could hold it open for writing, and a file that is open for writing cannot be run (`ETXTBSY`).
fn copy_program(from: &Path, to: &Path) {
    // `/proc/self` would be `cp`'s own, so the link is followed here.
    let from = PathBuf::from(format!("/proc/{}/exe", std::process::id())).canonicalize().unwrap_or(from.to_owned());
    let copied = Command::new("install").args(["-m", "0755"]).args([&from, to]).status().unwrap();
    assert!(copied.success());
}

/// Where the notice in `data_dir` says that the data lies.
fn elsewhere(data_dir: &Path) -> PathBuf {
    let notice = std::fs::read_to_string(data_dir.join("CLUSTER-IS-ELSEWHERE.txt")).unwrap();
    notice.lines().map(str::trim).find(|line| line.starts_with('/')).unwrap().into()
}

#[tokio::test]
async fn data_under_a_folder_that_only_we_can_read_survives_a_restart() {
    let place = Place::new();
    set_mode(place.0.path(), 0o700);
    let server = start(&place.data_dir()).await.unwrap();
    let word = "create table kept (word text); insert into kept values ('still here')";
    execute(&server.superuser_url("postgres"), word).await;
    server.stop().await.unwrap();

    let server = start(&place.data_dir()).await.unwrap();
    assert_ne!(user_of(server.pid()), 0, "PostgreSQL refuses root");
    assert_eq!(text(&server.superuser_url("postgres"), "select word from kept").await, "still here");
    server.stop().await.unwrap();
    PrivateServer::remove(&place.data_dir()).await.unwrap();
}

#[tokio::test]
async fn a_data_directory_that_the_servers_user_cannot_reach_says_where_the_data_lies() {
    if !only_root_tries("a cluster in /var/lib/groupgate") {
        return;
    }
    let place = Place::new();
    set_mode(place.0.path(), 0o700);
    start(&place.data_dir()).await.unwrap().stop().await.unwrap();
    let directory = elsewhere(&place.data_dir());
    assert!(directory.join("cluster/PG_VERSION").exists());
    assert!(!place.cluster().exists());
    PrivateServer::remove(&place.data_dir()).await.unwrap();
    assert!(!directory.exists());
    assert_eq!(std::fs::read_dir(place.data_dir()).unwrap().count(), 0);
}

#[tokio::test]
async fn removing_such_a_data_directory_starts_over() {
    if !only_root_tries("an abandoned cluster in /var/lib/groupgate") {
        return;
    }
    let place = Place::new();
    set_mode(place.0.path(), 0o700);
    let server = start(&place.data_dir()).await.unwrap();
    execute(&server.superuser_url("postgres"), "create table old (id int)").await;
    server.stop().await.unwrap();
    std::fs::remove_dir_all(place.data_dir()).unwrap();

    let server = start(&place.data_dir()).await.unwrap();
    let old = text(&server.superuser_url("postgres"), "select coalesce(to_regclass('old')::text, 'gone')").await;
    assert_eq!(old, "gone");
    server.stop().await.unwrap();
    PrivateServer::remove(&place.data_dir()).await.unwrap();
}

#[test]
fn an_ordinary_user_runs_the_server_itself_and_a_kill_leaves_nothing() {
    if !only_root_tries("the same as an ordinary user (all other tests here just did)") {
        return;
    }
    let nobody = User::from_name("nobody").unwrap().expect("every machine has nobody");
    let user = (nobody.uid.as_raw(), nobody.gid.as_raw());
    let place = Place::new();
    let program = place.0.path().join("test-binary");
    copy_program(&test_binary(), &program);
    std::fs::create_dir(place.data_dir()).unwrap();
    chown(place.data_dir(), Some(user.0), Some(user.1)).unwrap();

    let parent = Parent::start_as(user, &program, &place.data_dir());
    assert_eq!(user_of(parent.postmaster), user.0);
    drop(parent);
    eventually("no process is left", || processes_on(&place.cluster()).is_empty());
}

#[tokio::test]
async fn root_goes_on_with_an_ordinary_users_data_as_that_user() {
    if !only_root_tries("root on an ordinary user's data") {
        return;
    }
    let nobody = User::from_name("nobody").unwrap().expect("every machine has nobody");
    let place = Place::new();
    start(&place.data_dir()).await.unwrap().stop().await.unwrap();
    let changed = Command::new("chown").args(["-R", "nobody"]).arg(place.data_dir()).status();
    assert!(changed.unwrap().success());

    let server = start(&place.data_dir()).await.unwrap();
    assert_eq!(user_of(server.pid()), nobody.uid.as_raw());
    server.stop().await.unwrap();
}
