//! `groupgate apply` and `groupgate export`.

mod beside_others;
mod with_meta;

use std::{
    fs,
    io::{Read as _, Write as _},
    path::PathBuf,
    process::{Child, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::Console;
use crate::{
    program::{Ended, groupgate, run},
    support::APP_SECRET,
};

const TOKEN: &str = "EAAthe-token-of-the-third";
const OTHER_TOKEN: &str = "EAAanother-token-of-the-third";
/// Who may ask Meta about tokens.
const META_APP: [(&str, &str); 2] = [("GROUPGATE_APP_ID", "300000000000001"), ("GROUPGATE_APP_SECRET", APP_SECRET)];
/// 24 bytes each.
const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const OTHER_SECRET: &str = "whsec_BAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

const THIRD: &str = "\
apiVersion: groupgate/v1
tenants:
  - cust_space_id: cams-third
    name: The third
    labels: {customer: '4711'}
    numbers:
      - {business_number: 15550000009, phone_number_id: 100000000000009, waba_id: 200000000000009}
    credential: {from_env: THIRD_TOKEN}
    limits: {per_tenant: 20/s;burst=40, per_number_message: 5/s;in-flight=2}
    endpoints:
      - {url: 'https://hooks.example.com/third?of=us', types: [group.*], secret: {from_file: hook.txt}}
      - {url: 'https://hooks.example.com/all'}
    keys:
      - {name: till, grants: [{scopes: [groups.read, groups.write]}]}
";

/// A directory with a file of tenants, and a secret beside it.
struct Declaration {
    directory: TempDir,
}

impl Declaration {
    fn new(text: &str) -> Self {
        let declaration = Self { directory: tempfile::tempdir().unwrap() };
        fs::write(declaration.path("hook.txt"), format!("{SECRET}\n")).unwrap();
        declaration.write(text);
        declaration
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, text: &str) {
        fs::write(self.path("tenants.yaml"), text).unwrap();
    }

    fn apply(&self, console: &Console, flags: &str, input: &str) -> Ended {
        self.apply_with(console, flags, input, &[])
    }

    /// The same with these settings more.
    fn apply_with(&self, console: &Console, flags: &str, input: &str, settings: &[(&str, &str)]) -> Ended {
        let file = self.path("tenants.yaml");
        let arguments = ["apply", "-f", file.to_str().unwrap()].into_iter().chain(flags.split_whitespace());
        run(&arguments.collect::<Vec<_>>(), &environment(console, settings), input)
    }

    /// Applies it up to the question whether to.
    fn asking(&self, console: &Console) -> Asking {
        let file = self.path("tenants.yaml");
        let mut command = groupgate(&["apply", "-f", file.to_str().unwrap()], &environment(console, &[]));
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let (mut asked, mut byte) = (Vec::new(), [0]);
        while !asked.ends_with(b"[y/N] ") {
            let read = child.stderr.as_mut().unwrap().read(&mut byte).unwrap();
            assert_eq!(read, 1, "{}", String::from_utf8_lossy(&asked));
            asked.extend(byte);
        }
        Asking(child)
    }

    #[track_caller]
    fn applied(&self, console: &Console, flags: &str) -> Value {
        let ended = self.apply(console, &format!("--yes --json {flags}"), "");
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(!format!("{ended:?}").contains(TOKEN));
        ended.json()
    }
}

fn environment<'a>(console: &'a Console, settings: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [console.environment(), vec![("THIRD_TOKEN", TOKEN), ("OTHER_TOKEN", OTHER_TOKEN)], settings.to_vec()].concat()
}

/// A command that has shown its plan and waits.
struct Asking(Child);

impl Asking {
    fn answer(mut self, answer: &str) -> Ended {
        writeln!(self.0.stdin.take().unwrap(), "{answer}").unwrap();
        let output = self.0.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Each step of a plan, as `add number …`.
fn steps(answer: &Value) -> Vec<String> {
    let step = |step: &Value| format!("{} {}", step["change"].as_str().unwrap(), step["what"].as_str().unwrap());
    answer["steps"].as_array().unwrap().iter().map(step).collect()
}

#[actix_web::test]
async fn a_file_makes_a_tenant_and_applying_it_again_does_nothing() {
    let (console, file) = (Console::new().await, Declaration::new(THIRD));
    let dry = file.apply(&console, "--dry-run", "");
    assert_eq!((dry.code, dry.stderr.as_str()), (Some(2), ""), "{dry:?}");
    assert!(dry.stdout.contains("+ cams-third  number 15550000009") && dry.stdout.contains("7 to add"), "{dry:?}");
    assert!(!dry.stdout.contains("of=us"), "a query may hold a secret: {dry:?}");
    assert_eq!(console.done("tenants list --json").json(), json!([]));

    let applied = file.applied(&console, "");
    assert_eq!(applied["applied"], true, "{applied}");
    let made: Vec<_> = applied["made"].as_array().unwrap().iter().map(|made| &made["made"]).collect();
    assert_eq!(made, ["endpoint", "key"], "the secret that was given is not shown");
    let tenant = console.done("tenants show cams-third --json").json();
    assert_eq!((&tenant["status"], &tenant["name"]), (&json!("active"), &json!("The third")));
    assert_eq!(tenant["limits"]["per_tenant"], "20/s;burst=40");
    assert_eq!(tenant["credential"]["last4"], "hird");

    let again = file.apply(&console, "--dry-run", "");
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.stdout.contains("Nothing to do"), "{again:?}");
    let exported = console.done("export").stdout;
    assert!(![TOKEN, SECRET].iter().any(|secret| exported.contains(secret)), "{exported}");
    let back = run(&["apply", "-f", "-", "--dry-run"], &console.environment(), &exported);
    assert_eq!(back.code, Some(0), "{back:?}");
}

#[actix_web::test]
async fn a_file_that_is_written_oddly_is_applied_once_all_the_same() {
    let odd = "\
apiVersion: groupgate/v1
tenants:
  - cust_space_id: cams-third
    name: '  The third '
    notes: ''
    labels: {'customer': ' 4711 '}
    numbers: [{business_number: '+1 (555) 000-0009', phone_number_id: '100000000000009', waba_id: 200000000000009}]
    limits: {per_tenant: 20/s}
    endpoints:
      - {url: 'https://hooks.example.com/third', types: [message.*, group.*, group.*], description: ''}
      - {url: 'https://hooks.example.com/third', types: [group.*]}
    keys:
      - name: ' till '
        grants: [{scopes: [groups.write, groups.read, groups.read]}, {scopes: [groups.read]}]
        expires_at: '2099-01-31T14:00:00.123456789+02:00'
        allowed_networks: [203.0.113.7/24, 192.0.2.1, '2001:db8::/32']
";
    let (console, file) = (Console::new().await, Declaration::new(odd));
    let made = file.applied(&console, "");
    assert_eq!((made["steps"].as_array().unwrap().len(), &made["applied"]), (6, &json!(true)), "{made}");
    let again = file.apply(&console, "--dry-run", "");
    assert_eq!(again.code, Some(0), "{again:?}");
    let exported = console.done("export").stdout;
    let back = run(&["apply", "-f", "-", "--dry-run", "--prune"], &console.environment(), &exported);
    assert_eq!(back.code, Some(0), "{back:?} of {exported}");

    let elsewhere = Console::new().await;
    let moved = run(&["apply", "-f", "-", "--yes", "--json"], &elsewhere.environment(), &exported);
    assert_eq!(moved.code, Some(0), "{moved:?}");
    assert_eq!(elsewhere.done("export").stdout, exported);
}

#[actix_web::test]
async fn what_the_file_says_differently_is_changed_and_nothing_else() {
    let (console, file) = (Console::new().await, Declaration::new(THIRD));
    file.applied(&console, "");
    let changed = THIRD
        .replace("name: The third", "name: Third & Sons")
        .replace("waba_id: 200000000000009", "waba_id: 200000000000010")
        .replace("20/s;burst=40", "30/s")
        .replace("[group.*]", "[group.*, message.*]")
        .replace("[groups.read, groups.write]", "[groups.read]");
    file.write(&changed);
    fs::write(file.path("hook.txt"), OTHER_SECRET).unwrap();
    let answer = file.applied(&console, "");
    let expected = [
        "change tenant: name \"The third\" -> \"Third & Sons\"",
        "change limits: per tenant 20/s;burst=40, per number default, per number message 5/s;in-flight=2, in flight default \
         -> per tenant 30/s, per number default, per number message 5/s;in-flight=2, in flight default",
        "change number 15550000009: WABA 200000000000009 -> 200000000000010",
        "change endpoint https://hooks.example.com/third: types group.* -> group.*,message.*",
        "change endpoint https://hooks.example.com/third: another secret; the one before signs, too, for a day",
        "change key till: groups.read,groups.write -> groups.read",
    ];
    assert_eq!((steps(&answer), &answer["made"]), (expected.map(str::to_owned).to_vec(), &json!([])));
    assert_eq!(file.applied(&console, "")["steps"], json!([]));
}

#[actix_web::test]
async fn nothing_is_done_unless_somebody_says_yes() {
    let (console, file) = (Console::new().await, Declaration::new(THIRD));
    for answer in ["", "\n", "no\n"] {
        let ended = file.apply(&console, "", answer);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains("+ cams-third  tenant") && ended.stderr.contains("--yes"), "{ended:?}");
    }
    assert_eq!(console.done("tenants list --json").json(), json!([]));
    let ended = file.apply(&console, "", "y\n");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("AccessKeySecret: ") && ended.stdout.contains("Applied."), "{ended:?}");
    let piped = run(
        &["apply", "-f", "-"],
        &console.environment(),
        "apiVersion: groupgate/v1\ntenants: [{cust_space_id: cams-b2}]",
    );
    assert_eq!(piped.code, Some(2), "nobody can be asked: {piped:?}");
}

#[actix_web::test]
async fn what_is_not_in_the_file_stays_until_it_is_asked_to_go() {
    let (console, file) = (Console::new().await, Declaration::new(THIRD));
    file.applied(&console, "");
    console.with_tenant("cams-other", "15550000010");
    let few = "apiVersion: groupgate/v1
tenants:
  - {cust_space_id: cams-third, numbers: [], endpoints: [{url: 'https://hooks.example.com/all'}], keys: []}
";
    file.write(few);
    let kept = file.applied(&console, "");
    assert_eq!((steps(&kept), &kept["kept"]), (Vec::new(), &json!(4)));

    let unsure = file.apply(&console, "--prune --yes", "");
    assert_eq!(unsure.code, Some(2), "{unsure:?}");
    assert!(unsure.stderr.contains("--confirm cams-other"), "{unsure:?}");
    assert_eq!(console.done("numbers list --json").json().as_array().unwrap().len(), 2, "nothing was done");

    let pruned = steps(&file.applied(&console, "--prune --confirm cams-other"));
    assert_eq!(pruned.len(), 4, "{pruned:?}");
    assert!(pruned.iter().all(|step| step.starts_with("remove ")), "{pruned:?}");
    let tenants = console.done("tenants list --json").json();
    assert_eq!((tenants.as_array().unwrap().len(), &tenants[0]["status"]), (1, &json!("pending")));
    let keys = console.done("keys list --json").json();
    assert_eq!(keys[0]["state"], "revoked");
    assert_eq!(console.done("endpoints list --json").json().as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_number_moves_from_one_tenant_to_another_in_one_go() {
    let (console, file) = (Console::new().await, Declaration::new(THIRD));
    file.applied(&console, "");
    let number = "{business_number: 15550000009, phone_number_id: 100000000000009, waba_id: 200000000000009}";
    let moved = format!(
        "apiVersion: groupgate/v1
tenants:
  - {{cust_space_id: cams-fourth, numbers: [{number}]}}
  - {{cust_space_id: cams-third, numbers: []}}
"
    );
    file.write(&moved);
    for flags in ["--yes", "--dry-run"] {
        let taken = file.apply(&console, flags, "");
        // With --dry-run, 2 says that there is something to do.
        assert_eq!(taken.code, Some(if flags == "--yes" { 2 } else { 1 }), "{taken:?}");
        assert!(taken.stderr.contains("tenants.0.numbers.0.phone_number_id: it is cams-third's"), "{taken:?}");
    }
    file.applied(&console, "--prune");
    let numbers = console.done("numbers list --json").json();
    assert_eq!(numbers[0]["cust_space_id"], "cams-fourth");
}

#[actix_web::test]
async fn a_file_with_mistakes_does_nothing_and_says_where_each_is() {
    let console = Console::new().await;
    let file = Declaration::new(&THIRD.replace("THIRD_TOKEN", "NOT_SET").replace("[group.*]", "[group.made]"));
    let ended = file.apply(&console, "--yes", "");
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("tenants.0.credential: the variable NOT_SET is not set"), "{ended:?}");
    assert!(ended.stderr.contains("tenants.0.endpoints.0.types"), "{ended:?}");
    file.write(&THIRD.replace("{from_env: THIRD_TOKEN}", TOKEN));
    let ended = file.apply(&console, "--yes", "");
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("from_env") && !ended.stderr.contains(TOKEN), "{ended:?}");
    file.write(&THIRD.replace("THIRD_TOKEN", &"E".repeat(200)));
    let ended = file.apply(&console, "--yes", "");
    assert!(ended.code == Some(2) && !ended.stderr.contains("EEE"), "{ended:?}");
    file.write(&THIRD.replace("labels: {", "labels: &all {").replace("limits: {", "limits: *all #"));
    let ended = file.apply(&console, "--yes", "");
    assert!(ended.code == Some(2) && ended.stderr.contains("`*all` repeats"), "{ended:?}");
    file.write(THIRD);
    fs::write(file.path("hook.txt"), "hunter2").unwrap();
    let ended = file.apply(&console, "--yes", "");
    assert!(ended.code == Some(2) && !ended.stderr.contains("hunter2"), "{ended:?}");
    assert_eq!(console.done("tenants list --json").json(), json!([]));
}
