//! The command line: what each command does, prints and answers to scripts. One module a noun; here stands what is
//! nobody's in particular.

mod apply;
mod completions;
mod credentials;
mod endpoints;
mod events;
mod groups;
mod help;
mod in_force;
mod keys;
mod limits;
mod man;
mod numbers;
mod secrets;
mod starting;
mod tenants;

use std::net::{SocketAddr, TcpListener};

use nix::sys::signal::Signal;
use secrecy::{ExposeSecret, SecretString};
use tenant_store::{
    Store, StoreSettings,
    private_server::{TestDatabase, test_database},
};

use crate::{
    program::{Ended, PATIENCE, Running, free_port, groupgate, http, run, wait_until},
    support::TestApp,
};

/// 32 bytes.
const MASTER_KEY: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Somebody at a terminal, with the two variables that commands need.
struct Console {
    app_url: SecretString,
    graph_url: Option<String>,
    /// Keeps a database of the console's own alive.
    database: Option<TestDatabase>,
}

impl Console {
    /// One with a database of its own, and nothing that runs.
    async fn new() -> Self {
        let database = test_database().await;
        Self { app_url: database.app_url.clone(), graph_url: None, database: Some(database) }
    }

    /// One at the database of a gateway that runs, with its sandbox in Meta's place.
    fn beside(app: &TestApp) -> Self {
        Self { app_url: app.database.app_url.clone(), graph_url: Some(app.sandbox.url.clone()), database: None }
    }

    fn environment(&self) -> Vec<(&str, &str)> {
        let graph = self.graph_url.as_deref().map(|url| ("GROUPGATE_GRAPH_URL", url));
        let usual = [
            ("DATABASE_URL", self.app_url.expose_secret()),
            ("GROUPGATE_MASTER_KEY", MASTER_KEY),
            ("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8"),
        ];
        usual.into_iter().chain(graph).collect()
    }

    fn run(&self, line: &str) -> Ended {
        self.run_with(line, "")
    }

    fn run_with(&self, line: &str, input: &str) -> Ended {
        run(&line.split(' ').collect::<Vec<_>>(), &self.environment(), input)
    }

    #[track_caller]
    fn done(&self, line: &str) -> Ended {
        let ended = self.run(line);
        assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
        ended
    }

    /// The same for a command that waits for the gateway: this thread's runtime drives some of the gateway's connections,
    /// so it must not be held up meanwhile.
    async fn done_beside_gateway(&self, line: &str) -> Ended {
        let ended = self.run_beside_gateway(line).await;
        assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
        ended
    }

    async fn run_beside_gateway(&self, line: &str) -> Ended {
        let console =
            Self { app_url: self.app_url.clone(), graph_url: self.graph_url.clone(), database: self.database.clone() };
        let command = line.to_owned();
        actix_web::web::block(move || console.run(&command)).await.unwrap()
    }

    /// A tenant with a number.
    fn with_tenant(&self, id: &str, business_number: &str) {
        self.done(&format!("tenants add {id} --name Bakery"));
        let ids = format!("--phone-number-id 1{business_number} --waba-id 209");
        self.done(&format!("numbers add {business_number} --tenant {id} {ids}"));
    }

    async fn store(&self) -> Store {
        let url = self.app_url.clone();
        let settings = StoreSettings { url, connections: 1, acquire_timeout: PATIENCE };
        Store::connect(&settings, MASTER_KEY.parse().unwrap()).await.unwrap()
    }

    fn owner_url(&self) -> &str {
        self.database.as_ref().unwrap().owner_url.expose_secret()
    }

    /// `DATABASE_URL` with another database of the same server, which has no schema of ours.
    fn url_of_a_bare_database(&self) -> String {
        let mut url: url::Url = self.app_url.expose_secret().parse().unwrap();
        url.set_path("postgres");
        url.into()
    }
}

#[actix_web::test]
async fn a_database_that_is_away_has_an_exit_code_and_its_password_is_not_shown() {
    let url = format!("postgres://groupgate_app:hunter2@127.0.0.1:{}/groupgate", free_port());
    let environment = [("DATABASE_URL", url.as_str()), ("GROUPGATE_MASTER_KEY", MASTER_KEY)];
    let ended = run(&["tenants", "add", "cams-one"], &environment, "");
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(!format!("{ended:?}").contains("hunter2"), "{ended:?}");
}

#[actix_web::test]
async fn migrating_again_changes_nothing() {
    let console = Console::new().await;
    let environment =
        [("GROUPGATE_MIGRATE_URL", console.owner_url()), ("DATABASE_URL", console.app_url.expose_secret())];
    let ended = run(&["migrate", "--json"], &environment, "");
    assert_eq!((ended.code, ended.json()["applied"].as_u64()), (Some(0), Some(0)), "{ended:?}");
}

#[actix_web::test]
async fn migrating_for_a_role_that_does_not_exist_prints_the_statement_that_makes_it() {
    let console = Console::new().await;
    let environment = [
        ("GROUPGATE_MIGRATE_URL", console.owner_url()),
        ("DATABASE_URL", "postgres://no_such_role:hunter2@127.0.0.1/groupgate"),
    ];
    let ended = run(&["migrate"], &environment, "");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.to_uppercase().contains("CREATE ROLE"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
}

#[actix_web::test]
async fn serve_answers_until_it_is_told_to_stop() {
    let console = Console::new().await;
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let serve = Running::spawn(groupgate(&["serve", "--bind", &address.to_string()], &console.environment()));
    wait_until("it listens", || std::net::TcpStream::connect(address).is_ok());
    assert_eq!(http(address, &["GET /health/live HTTP/1.1"], "").0, 200);
    serve.signal(Signal::SIGTERM);
    let (status, stderr) = serve.ended();
    assert!(status.success(), "{status}: {stderr}");
}

#[actix_web::test]
async fn serve_tells_of_a_misspelt_variable_in_its_log() {
    let console = Console::new().await;
    let address = SocketAddr::from(([127, 0, 0, 1], free_port())).to_string();
    let environment: Vec<_> = console.environment().into_iter().chain([("GROUPGATE_BNID", address.as_str())]).collect();
    let serve = Running::spawn(groupgate(&["serve", "--bind", &address], &environment));
    wait_until("it listens", || std::net::TcpStream::connect(&address).is_ok());
    serve.signal(Signal::SIGINT);
    let (status, stderr) = serve.ended();
    assert!(status.success(), "{status}: {stderr}");
    assert!(stderr.contains("GROUPGATE_BNID") && stderr.contains("GROUPGATE_BIND"), "{stderr}");
}

#[actix_web::test]
async fn a_taken_port_is_told_with_the_address_and_the_flag() {
    let console = Console::new().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = console.run(&format!("serve --bind {address}"));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains(&address) && ended.stderr.contains("--bind"), "{}", ended.stderr);
}

#[actix_web::test]
async fn settings_are_checked_with_secrets_masked() {
    let console = Console::new().await;
    let ended = console.done("config check --json --docs off");
    assert!(!ended.stdout.contains("AAECAwQF"), "{}", ended.stdout);
    let settings = ended.json()["settings"].clone();
    let docs = settings.as_array().unwrap().iter().find(|row| row["variable"] == "GROUPGATE_DOCS").cloned().unwrap();
    assert_eq!((docs["value"].as_str(), docs["origin"].as_str()), (Some("off"), Some("--docs")));
    let wrong = console.run("config check --docs maybe");
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stdout.contains(r#"--docs is "maybe""#), "{}", wrong.stdout);
}

#[test]
fn the_sandbox_runs_alone_and_its_taken_port_is_told_with_the_flag() {
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut sandbox = Running::spawn(groupgate(&["sandbox", "--bind", &address.to_string()], &[]));
    sandbox.lines_until("/_sandbox/");
    assert_eq!(http(address, &["GET /_sandbox/state HTTP/1.1"], "").0, 200);
    let second = run(&["sandbox", "--bind", &address.to_string()], &[], "");
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains(&address.to_string()) && second.stderr.contains("--bind"), "{}", second.stderr);
    sandbox.signal(Signal::SIGTERM);
    let (status, stderr) = sandbox.ended();
    assert!(status.success(), "{status}: {stderr}");
}

#[test]
fn the_openapi_document_is_printed_and_a_reader_who_leaves_is_no_failure() {
    let printed = run(&["openapi"], &[], "");
    assert_eq!((printed.code, printed.json()["openapi"].as_str()), (Some(0), Some("3.1.0")));
    let mut openapi = groupgate(&["openapi"], &[]).spawn().unwrap();
    drop(openapi.stdout.take());
    assert_eq!(openapi.wait().unwrap().code(), Some(0));
}

#[test]
fn help_lists_every_setting_with_its_variable_and_default_and_the_exit_codes() {
    let serve = run(&["serve", "--help"], &[], "").stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for setting in gateway::config::catalog::ALL {
        let about = setting.about();
        assert!(serve.contains(about.variable) && serve.contains(about.meaning), "{}", about.variable);
        assert!(serve.contains(&format!("[default: {}]", about.shown_default())), "{}", about.variable);
    }
    assert!(run(&["--help"], &[], "").stdout.contains("5  the database is unavailable"));
}

#[test]
fn a_wrong_argument_has_its_own_exit_code() {
    assert_eq!(run(&["serv"], &[], "").code, Some(2));
    assert_eq!(run(&["tenants", "add", "Not-A-Tenant"], &[], "").code, Some(2));
}
