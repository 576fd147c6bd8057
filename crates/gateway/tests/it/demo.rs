//! `groupgate demo`: what it prints and writes, that it stops, starts again, and starts anew.

use std::{
    collections::BTreeMap,
    fs,
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::program::{
    Ended, Measured, Running, free_port, groupgate, http, one_is_within, processes_naming, run, wait_until,
};

pub(crate) const LAST_LINE: &str = "Ctrl-C stops everything";
/// How long a stop and a second start take at the most.
const FIVE_SECONDS: Duration = Duration::from_secs(5);

/// Demos are started one after another: some tests measure how long one takes.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A data directory that the server's user can reach, with ports that nobody else uses.
pub(crate) struct Place {
    _alone: MutexGuard<'static, ()>,
    directory: TempDir,
    port: u16,
    sandbox_port: u16,
}

impl Place {
    pub(crate) fn new() -> Self {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let reachable = fs::Permissions::from_mode(0o755);
        let directory = tempfile::Builder::new().permissions(reachable).tempdir().unwrap();
        Self { _alone: alone, directory, port: free_port(), sandbox_port: free_port() }
    }

    fn data_dir(&self) -> PathBuf {
        self.directory.path().join("demo")
    }

    fn arguments(&self) -> Vec<String> {
        let data_dir = self.data_dir().to_str().unwrap().to_owned();
        let (port, sandbox_port) = (self.port.to_string(), self.sandbox_port.to_string());
        ["demo", "--data-dir", &data_dir, "--port", &port, "--sandbox-port", &sandbox_port].map(str::to_owned).to_vec()
    }

    pub(crate) fn spawn(&self, more: &[&str], environment: &[(&str, &str)]) -> Running {
        let arguments = self.arguments();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
        Running::spawn(groupgate(&arguments, environment))
    }

    pub(crate) fn start(&self, more: &[&str]) -> Running {
        let mut demo = self.spawn(more, &[]);
        demo.lines_until(LAST_LINE);
        demo
    }

    fn run(&self, more: &[&str]) -> Ended {
        let arguments = self.arguments();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
        run(&arguments, &[], "")
    }

    pub(crate) fn gateway(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    pub(crate) fn sandbox(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.sandbox_port))
    }

    /// `demo.env` as a shell reads it.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let script = format!("set -a; . {}/demo.env; env", self.data_dir().display());
        let shell = Command::new("/bin/sh").args(["-ec", &script]).env_clear().output().unwrap();
        assert!(shell.status.success(), "{shell:?}");
        let text = String::from_utf8(shell.stdout).unwrap();
        text.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.into(), value.into())).collect()
    }
}

fn stop(demo: Running) {
    demo.signal(Signal::SIGTERM);
    let (status, stderr) = demo.ended();
    assert!(status.success(), "{status}: {stderr}");
}

/// The arguments that a shell hands to `curl` when `lines` are pasted.
fn pasted(lines: &[String]) -> Vec<String> {
    let script = format!("curl() {{ printf '%s\\n@@\\n' \"$@\"; }}\n{}", lines.join("\n"));
    let shell = Command::new("/bin/sh").args(["-ec", &script]).output().unwrap();
    assert!(shell.status.success(), "{shell:?}");
    let printed = String::from_utf8(shell.stdout).unwrap();
    printed.split("\n@@\n").map(str::to_owned).filter(|argument| !argument.is_empty()).collect()
}

pub(crate) fn basic(id: &str, secret: &str) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    format!("Authorization: Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")))
}

fn add_invite_link(place: &Place, authorization: &str, body: &str) -> serde_json::Value {
    let head = ["POST /v1/AddChatGroupInviteLink HTTP/1.1", authorization, "Content-Type: application/json"];
    let (status, answer) = http(place.gateway(), &head, body);
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str(&answer).unwrap()
}

#[test]
fn the_screen_fits_and_its_curl_works_when_pasted() {
    let place = Place::new();
    let mut demo = place.spawn(&[], &[]);
    let screen = demo.lines_until(LAST_LINE);
    assert!(screen.len() <= 24, "{screen:#?}");
    assert!(screen.iter().all(|line| line.chars().count() <= 100), "{screen:#?}");
    let first = screen.iter().position(|line| line.starts_with("curl ")).unwrap();
    let length = screen[first..].iter().position(String::is_empty).unwrap();
    let arguments = pasted(&screen[first..first + length]);
    let [user_flag, user, url, header_flag, header, data_flag, data] = arguments.as_slice() else {
        panic!("{arguments:?}")
    };
    assert_eq!([user_flag.as_str(), header_flag, data_flag], ["-u", "-H", "-d"]);
    assert_eq!(header, "Content-Type: application/json");
    assert_eq!(*url, format!("http://{}/v1/AddChatGroupInviteLink", place.gateway()));
    let (id, secret) = user.split_once(':').unwrap();
    let answer = add_invite_link(&place, &basic(id, secret), data);
    assert_eq!(answer["Code"], "OK");
    assert!(answer["InviteLink"].as_str().unwrap().starts_with("https://chat.whatsapp.com/"), "{answer}");
}

#[test]
fn the_file_for_scripts_is_private_holds_the_documented_names_and_its_values_work() {
    let place = Place::new();
    let _demo = place.start(&[]);
    let file = place.data_dir().join("demo.env");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let values = place.environment();
    let documented = "GROUPGATE_URL GROUPGATE_GRAPH_FACE_URL GROUPGATE_METRICS_URL GROUPGATE_SANDBOX_URL \
        GROUPGATE_GRAPH_VERSION GROUPGATE_APP_ID GROUPGATE_APP_SECRET GROUPGATE_WEBHOOK_VERIFY_TOKEN DATABASE_URL \
        GROUPGATE_MIGRATE_URL GROUPGATE_MASTER_KEY GROUPGATE_ADMIN_KEY_ID GROUPGATE_ADMIN_KEY_SECRET";
    let of_tenants = "CUST_SPACE_ID BUSINESS_NUMBER PHONE_NUMBER_ID WABA_ID GROUP_ID ACCESS_KEY_ID ACCESS_KEY_SECRET";
    let of_tenants =
        of_tenants.split(' ').flat_map(|name| [format!("GROUPGATE_{name}"), format!("GROUPGATE_{name}_2")]);
    let documented: Vec<_> = documented.split_whitespace().map(str::to_owned).chain(of_tenants).collect();
    for name in &documented {
        assert!(values.get(name).is_some_and(|value| !value.is_empty()), "{name} in {:?}", values.keys());
    }
    for suffix in ["", "_2"] {
        let value = |name: &str| values[&format!("GROUPGATE_{name}{suffix}")].as_str();
        let body = link_body(&values, suffix);
        let key = basic(value("ACCESS_KEY_ID"), value("ACCESS_KEY_SECRET"));
        assert_eq!(add_invite_link(&place, &key, &body)["Code"], "OK");
        let administrator = basic(&values["GROUPGATE_ADMIN_KEY_ID"], &values["GROUPGATE_ADMIN_KEY_SECRET"]);
        assert_eq!(add_invite_link(&place, &administrator, &body)["Code"], "OK");
    }
}

#[test]
fn what_the_file_for_scripts_holds_is_not_taken_from_the_environment() {
    let place = Place::new();
    let unreachable = [("DATABASE_URL", "postgres://nobody:x@127.0.0.1:1/x"), ("GROUPGATE_MASTER_KEY", "wrong")];
    let mut demo = place.spawn(&[], &unreachable);
    demo.lines_until(LAST_LINE);
}

#[test]
fn it_stops_within_five_seconds_and_leaves_no_process() {
    let place = Place::new();
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        one_is_within(FIVE_SECONDS, || {
            let started = Instant::now();
            let demo = place.start(&[]);
            let plain = started.elapsed();
            assert_ne!(processes_naming(&place.data_dir()), Vec::<String>::new());
            let asked = Instant::now();
            demo.signal(signal);
            let (status, stderr) = demo.ended();
            let time = asked.elapsed();
            assert!(status.success(), "{status}: {stderr}");
            assert_eq!(processes_naming(&place.data_dir()), Vec::<String>::new());
            Measured { time, plain }
        });
    }
}

#[test]
fn a_start_can_be_stopped_too() {
    one_is_within(FIVE_SECONDS, || {
        let place = Place::new();
        let started = Instant::now();
        let demo = place.spawn(&[], &[]);
        wait_until("PostgreSQL is being made", || place.data_dir().join("postgres").exists());
        let plain = started.elapsed();
        let asked = Instant::now();
        demo.signal(Signal::SIGINT);
        let (status, stderr) = demo.ended();
        let time = asked.elapsed();
        assert!(status.success(), "{status}: {stderr}");
        wait_until("PostgreSQL is gone", || processes_naming(&place.data_dir()).is_empty());
        Measured { time, plain }
    });
}

#[test]
fn a_second_start_is_ready_within_five_seconds_with_the_same_keys_and_links() {
    let place = Place::new();
    let started = Instant::now();
    let demo = place.start(&[]);
    // It makes what the second one finds.
    let plain = started.elapsed();
    let before = place.environment();
    let body = link_body(&before, "");
    let key = basic(&before["GROUPGATE_ACCESS_KEY_ID"], &before["GROUPGATE_ACCESS_KEY_SECRET"]);
    let link = get_link(&place, &key, &body);
    stop(demo);
    let mut demo = None;
    one_is_within(FIVE_SECONDS, || {
        demo.take().into_iter().for_each(stop);
        let started = Instant::now();
        demo = Some(place.start(&[]));
        Measured { time: started.elapsed(), plain }
    });
    assert_eq!(secrets(&place.environment()), secrets(&before));
    assert_eq!(get_link(&place, &key, &body), link);
}

#[test]
fn after_a_kill_no_process_stays_and_the_next_start_recovers_by_itself() {
    let place = Place::new();
    let demo = place.start(&[]);
    let before = place.environment();
    demo.signal(Signal::SIGKILL);
    let _ = demo.ended();
    let demo = place.start(&[]);
    assert_eq!(secrets(&place.environment()), secrets(&before));
    drop(demo);
    wait_until("PostgreSQL is gone", || processes_naming(&place.data_dir()).is_empty());
}

#[test]
fn a_first_start_that_was_killed_halfway_is_completed_by_the_next() {
    let place = Place::new();
    for sign_of_progress in ["secrets.json", "postgres/cluster", "sandbox"] {
        let demo = place.spawn(&[], &[]);
        wait_until("it has come so far", || place.data_dir().join(sign_of_progress).exists());
        demo.signal(Signal::SIGKILL);
        let _ = demo.ended();
    }
    let _demo = place.start(&[]);
    let values = place.environment();
    for suffix in ["", "_2"] {
        let value = |name: &str| values[&format!("GROUPGATE_{name}{suffix}")].as_str();
        let key = basic(value("ACCESS_KEY_ID"), value("ACCESS_KEY_SECRET"));
        assert_eq!(add_invite_link(&place, &key, &link_body(&values, suffix))["Code"], "OK");
    }
}

#[test]
fn the_tour_prints_each_call_and_answer_then_stops_everything_with_success() {
    let place = Place::new();
    // Twice: a tour leaves nothing behind that the next would stumble over.
    for _ in 0..2 {
        let ended = place.run(&["--tour"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(!ended.stderr.contains("ERROR"), "{}", ended.stderr);
        for told in [
            "/v1/AddChatGroup\n",
            "\"joined\"",
            "link_reset",
            "/v1/ListChatGroup",
            "/v1/DeleteChatGroupParticipants",
            "INACTIVE",
            "Group.NotFound",
        ] {
            assert!(ended.stdout.contains(told), "{told} in {}", ended.stdout);
        }
        let values = place.environment();
        assert!(secrets(&values).iter().all(|secret| !ended.stdout.contains(secret)), "{}", ended.stdout);
        assert_eq!(processes_naming(&place.data_dir()), Vec::<String>::new());
    }
}

#[test]
fn fresh_begins_anew() {
    let place = Place::new();
    stop(place.start(&[]));
    let before = place.environment();
    stop(place.start(&["--fresh"]));
    let after = place.environment();
    assert!(secrets(&after).iter().zip(secrets(&before)).all(|(new, old)| *new != old));
}

#[test]
fn fresh_refuses_a_directory_that_is_not_the_demos() {
    let place = Place::new();
    fs::create_dir(place.data_dir()).unwrap();
    fs::write(place.data_dir().join("thesis.tex"), "…").unwrap();
    let ended = place.run(&["--fresh"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("--data-dir"), "{}", ended.stderr);
    assert_eq!(names_in(&place.data_dir()), ["thesis.tex"]);
}

#[test]
fn a_taken_port_is_told_with_its_flag_before_anything_starts() {
    for (flag, which) in [("--port", 0), ("--sandbox-port", 1)] {
        let place = Place::new();
        let port = [place.port, place.sandbox_port][which];
        let _taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let ended = place.run(&[]);
        assert_eq!(ended.code, Some(1));
        assert!(ended.stderr.contains(&format!("127.0.0.1:{port}")), "{}", ended.stderr);
        assert!(ended.stderr.contains(&format!("{flag}\n")), "{}", ended.stderr);
        assert!(!names_in(&place.data_dir()).iter().any(|name| name == "postgres"));
    }
}

#[test]
fn a_second_demo_on_the_same_data_is_refused_and_the_first_goes_on() {
    let place = Place::new();
    let demo = place.start(&[]);
    let ended = place.run(&["--fresh"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("another demo runs on"), "{}", ended.stderr);
    assert_eq!(http(place.gateway(), &["GET /health/live HTTP/1.1"], "").0, 200);
    stop(demo);
}

#[test]
fn a_wrong_setting_is_told_before_anything_starts() {
    let place = Place::new();
    let (status, stderr) = place.spawn(&[], &[("GROUPGATE_UPSTREAM_TIMEOUT", "soon")]).ended();
    assert_eq!(status.code(), Some(2));
    assert!(stderr.contains(r#"GROUPGATE_UPSTREAM_TIMEOUT is "soon""#), "{stderr}");
}

fn names_in(directory: &Path) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The values that a fresh start makes at random.
fn secrets(values: &BTreeMap<String, String>) -> Vec<&str> {
    ["APP_SECRET", "WEBHOOK_VERIFY_TOKEN", "MASTER_KEY", "ADMIN_KEY_SECRET", "ACCESS_KEY_SECRET", "ACCESS_KEY_SECRET_2"]
        .map(|name| values[&format!("GROUPGATE_{name}")].as_str())
        .to_vec()
}

/// The body of a call about the first tenant's group, or with `_2` the second's.
fn link_body(values: &BTreeMap<String, String>, suffix: &str) -> String {
    let value = |name: &str| values[&format!("GROUPGATE_{name}{suffix}")].as_str();
    serde_json::json!({
        "CustSpaceId": value("CUST_SPACE_ID"),
        "BusinessNumber": value("BUSINESS_NUMBER"),
        "GroupId": value("GROUP_ID"),
    })
    .to_string()
}

fn get_link(place: &Place, key: &str, body: &str) -> serde_json::Value {
    let head = ["POST /v1/GetChatGroupInviteLink HTTP/1.1", key, "Content-Type: application/json"];
    let (status, answer) = http(place.gateway(), &head, body);
    assert_eq!(status, 200, "{answer}");
    serde_json::from_str::<serde_json::Value>(&answer).unwrap()["InviteLink"].clone()
}
