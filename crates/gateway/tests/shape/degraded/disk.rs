//! The disk under PostgreSQL's tables is full, and has room again. Its log is on another: where that disk is full, PostgreSQL
//! ends itself, and is away as it is in the other tests.

use std::env;
use std::fs::{self, File};
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::json;

use crate::support::eventually;
use crate::world::{Load, Outcome, Plan, Postgres, Replica, World, directory, mixed};

/// Where this is set, that nothing can be mounted is a failure.
const MUST_BE_TRIED: &str = "GROUPGATE_TRY_ALL";

/// Holds the database as the migrations leave it, with some room.
const SIZE: &str = "size=64m,mode=0777";
/// What fills it is made of blocks of so many bytes.
const BLOCK: usize = 64 * 1024;

/// A disk of its own, in memory; unmounted when this is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this process may not mount.
    fn mount(at: PathBuf) -> Option<Self> {
        fs::create_dir(&at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "groupgate"]).arg(&at).output().ok()?;
        mounted.status.success().then_some(Self(at))
    }

    /// Leaves no room.
    fn fill(&self) {
        let mut ballast = File::create(self.ballast()).unwrap();
        let block = vec![0; BLOCK];
        let mut block = block.as_slice();
        while !block.is_empty() {
            while ballast.write(block).is_ok_and(|written| written > 0) {}
            block = &block[..block.len() / 2];
        }
    }

    /// Makes room.
    fn empty(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What PostgreSQL has still open is unmounted when it is gone.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// What a caller may be told while there is no room: reads go on, and of a write that needs a record it is said that it was
/// not done, or it was.
fn is_true(outcome: &Outcome) -> bool {
    match outcome.status {
        200 => true,
        503 => outcome.operation == "AddChatGroup" && outcome.code == "ServiceUnavailable",
        _ => false,
    }
}

async fn on_small_disk(directory: &Path, disk: &SmallDisk) -> Postgres {
    let postgres = Postgres::migrated(&directory.join("postgres")).await;
    postgres.move_to(&disk.0.join("tables")).await;
    postgres
}

#[actix_web::test]
async fn with_a_full_disk_reads_go_on_writes_are_refused_and_nothing_is_lost_or_half_done() {
    let directory = directory();
    let Some(disk) = SmallDisk::mount(directory.path().join("disk")) else {
        assert!(env::var_os(MUST_BE_TRIED).is_none(), "this process may not mount a file system");
        let _ = writeln!(stdout(), "NOT TRIED: this process may not mount a file system");
        return;
    };
    let postgres = on_small_disk(directory.path(), &disk).await;
    let plan = Plan { replicas: 2, tenants: 2, settings: &[("GROUPGATE_UPSTREAM_TIMEOUT", "6s")] };
    let mut world = World::on(postgres, directory, &plan).await;
    let load = Load::start(&world.balancer.url, &world.tenants, 60, mixed);
    eventually("every operation was called", async || (load.so_far().0.len() > 80).then_some(())).await;

    disk.fill();
    let refused = |outcome: &Outcome| outcome.status == 503;
    eventually("writes are refused", async || {
        (load.so_far().0.iter().filter(|it| refused(it)).count() > 5).then_some(())
    })
    .await;
    let message = json!({"phone_number_id": world.tenants[0].phone_number_id, "text": "long ".repeat(500)});
    eventually("Meta is told to come again", async || {
        // Of little news there may be room for some.
        assert_eq!(world.meta.control.post("users/15550199/messages", message.clone()).await.0, 200);
        world.balancer.log().lines().any(|line| line.contains("/webhooks/graph 503")).then_some(())
    })
    .await;
    disk.empty();
    let back = Instant::now();
    eventually("groups are made again", async || {
        let record = load.so_far();
        let made = record.during(back, Instant::now()).filter(|it| it.operation == "AddChatGroup" && it.status == 200);
        (made.count() > 5).then_some(())
    })
    .await;
    let record = load.stop().await;
    record.print("a full disk");
    record.expect(is_true);
    assert!(world.replicas.iter_mut().all(Replica::lives), "{}", world.logs());
    world.is_whole().await;
    World::tells_the_truth(&record, &world.subjects_at_meta().await);
}
