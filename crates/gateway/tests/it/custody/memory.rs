//! What a gateway's memory holds, and who may look at it.
//!
//! The gateway is a process of its own, with the allocator and the limits that the program has.

use std::{
    fs::{self, File},
    io::Write as _,
    net::TcpStream,
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::json;

use crate::{
    program::{Running, free_port, groupgate, wait_until},
    support::{Admin, Client, MASTER_KEY, TestApp, eventually, gateway_environment},
};

/// A gateway that runs as people run it, on a test's database and sandbox.
struct Process {
    running: Running,
    url: String,
    /// Holds the file of the master key.
    _directory: tempfile::TempDir,
}

impl Process {
    fn start(app: &TestApp) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("master-key");
        fs::write(&file, format!("{MASTER_KEY}\n")).unwrap();
        let bind = format!("127.0.0.1:{}", free_port());
        let usual = gateway_environment(&app.database.app_url, &app.sandbox.url);
        let given = usual.into_iter().filter(|(name, _)| !["GROUPGATE_MASTER_KEY", "GROUPGATE_BIND"].contains(name));
        let more = [
            ("GROUPGATE_MASTER_KEY_FILE", file.to_str().unwrap()),
            ("GROUPGATE_BIND", &bind),
            ("GROUPGATE_APP_ID", "300000000000001"),
            // In KiB. Else mimalloc reserves a GiB, all of which would be looked through.
            ("MIMALLOC_ARENA_RESERVE", "16384"),
        ];
        let environment: Vec<_> = given.chain(more).collect();
        let running = Running::spawn(groupgate(&["serve"], &environment));
        wait_until("the gateway listens", || TcpStream::connect(&bind).is_ok());
        Self { running, url: format!("http://{bind}"), _directory: directory }
    }

    fn file(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.running.id()))
    }

    /// Whether memory that it can write to holds this text; `None` where we may not look, not being root.
    fn remembers(&self, text: &str) -> Option<bool> {
        let memory = File::open(self.file("mem")).ok()?;
        let mut grep = Command::new("grep");
        grep.args(["--quiet", "--text", "--fixed-strings", text]).stdin(Stdio::piped());
        let mut grep = grep.spawn().unwrap();
        let mut input = grep.stdin.take().unwrap();
        for (start, end) in writable(&fs::read_to_string(self.file("smaps")).unwrap()) {
            let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
            // What is unmapped meanwhile holds nothing any more, and grep stops reading when it has found the text.
            if memory.read_exact_at(&mut bytes, start).is_ok() && input.write_all(&bytes).is_err() {
                break;
            }
        }
        drop(input);
        Some(grep.wait().unwrap().success())
    }
}

/// The mappings of `/proc/<pid>/smaps` that can be written to and have a page in memory.
fn writable(smaps: &str) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    let mut current = None;
    for line in smaps.lines() {
        let mut words = line.split_whitespace();
        let (Some(first), Some(second)) = (words.next(), words.next()) else { continue };
        if let Some((start, end)) = first.split_once('-') {
            let number = |text| u64::from_str_radix(text, 16).unwrap();
            current = second.starts_with("rw").then(|| (number(start), number(end)));
        } else if first == "Rss:" && second != "0" {
            found.extend(current.take());
        }
    }
    found
}

#[actix_web::test]
async fn a_token_that_was_replaced_and_the_text_of_the_master_key_are_nowhere_in_memory() {
    let app = TestApp::start().await;
    let admin = app.admin().await.key;
    let process = Process::start(&app);
    let (tenant, old, new) = (&app.first, app.first.graph_token, app.second.graph_token);
    let set_token = async |token: &str| {
        // A connection of its own: as long as one is open, it has a buffer with what came last.
        let admin = Admin::new(Client::new(process.url.clone()), admin.clone());
        let path = format!("/tenants/{}/credential", tenant.cust_space_id);
        admin.change("PUT", &path, "*", json!({"access_token": token})).await.done(200);
    };
    let client = Client::new(process.url.clone());
    let call = async || {
        let group = json!({"GroupId": tenant.group_id});
        client.call("GetChatGroupInviteLink", tenant, group).await.expect(200, "OK");
    };
    set_token(old).await;
    call().await;
    let Some(remembered) = process.remembers(old) else { return };
    assert!(remembered, "what is used is in memory, so that looking for it finds it");
    set_token(new).await;
    eventually("the token before is forgotten", async || {
        call().await;
        (process.remembers(old) == Some(false)).then_some(())
    })
    .await;
    assert_eq!(process.remembers(MASTER_KEY.split_once(':').unwrap().1), Some(false));
}

#[actix_web::test]
async fn no_other_process_of_its_user_reads_a_gateways_memory_or_environment_and_no_core_is_dumped() {
    let app = TestApp::start().await;
    let process = Process::start(&app);
    let limits = fs::read_to_string(process.file("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
    // The files of a process that may not be looked into belong to root (proc(5)). Run by root, they do in any case.
    assert_eq!(fs::metadata(process.file("environ")).unwrap().uid(), 0);
}
