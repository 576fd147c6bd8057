//! Why a command did not succeed, and the exit code that tells scripts.

use std::{io, net::SocketAddr};

use cams_api::identifiers::CustSpaceId;
use tenant_store::{SchemaState, StoreError, schema::MigrateError};

use super::demo::DemoError;
use crate::{
    app::{Listener, StartError},
    config::ConfigError,
    events::RenderError,
    telemetry::TelemetryError,
};

/// Why a command did not succeed. Its `Display` and its sources say what to do.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A setting is missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// `config check` found settings that are missing or wrong, and has said which.
    #[error("`groupgate serve` would not start with these settings")]
    WrongSettings,
    /// An argument, or what was given on standard input, is wrong in itself.
    #[error("{0}")]
    Usage(String),
    /// There is no tenant of this ID.
    #[error("there is no tenant {0}; `groupgate tenants list` shows them all")]
    NoTenant(CustSpaceId),
    /// What the command needs of the tenant is not there; the text says what, and how to make it.
    #[error("{0}")]
    Missing(String),
    /// Meta did not accept the token for all of the tenant's numbers, and the answer says why.
    #[error("Meta did not accept the token for {refused} of {numbers} numbers")]
    NotAccepted {
        /// For how many not.
        refused: usize,
        /// How many the tenant has.
        numbers: usize,
    },
    /// So many sealed values or data keys do not open, and the answer says which.
    #[error("{0} of what is sealed does not open; `groupgate secrets verify --help` says more")]
    NotOpened(usize),
    /// Gateways that run could not read what the new master key would wrap.
    #[error(
        "{gateways} of the gateways that were heard of within the last minute have no master key {master_key_id}, and could \
         not read what it wraps: give it to every gateway first, as `groupgate secrets rotate --help` says"
    )]
    MasterKeyNotEverywhere {
        /// The master key that would wrap.
        master_key_id: String,
        /// How many of them lack it.
        gateways: usize,
    },
    /// The groups of a tenant were not compared with Meta's list; the text says why.
    #[error("{0}")]
    NotReconciled(String),
    /// A test event was not delivered; the text says why not.
    #[error("{0}")]
    NotDelivered(String),
    /// A stored event cannot be shown as it is delivered.
    #[error(transparent)]
    Event(#[from] RenderError),
    /// A gateway does not let `listen` at the events; the text has its words.
    #[error("the gateway gives no events: {0}")]
    NotListening(String),
    /// A step of `apply` was refused; those before it are done.
    #[error("{step}: {source}; what is done and what is not was told, and applying the file again goes on from there")]
    NotApplied {
        /// The tenant, and what was to be done.
        step: String,
        /// Why it was not.
        source: StoreError,
    },
    /// Meta did not let the webhooks of an account come to the app, a step of `apply`; those before it are done.
    #[error("{step}: {why}; what is done and what is not was told, and applying the file again goes on from there")]
    NotSubscribed {
        /// The tenant, and what was to be done.
        step: String,
        /// Meta's words, and what to do.
        why: String,
    },
    /// Meta does not take tokens that `apply` was to store; the text says whose, and why.
    #[error("Meta does not take these tokens; nothing was done{0}")]
    TokensRefused(String),
    /// `apply --dry-run` cannot tell what there is to do; its exit code is not the one for that there is something.
    #[error(transparent)]
    NotPlanned(Box<Self>),
    /// Nobody said yes to the plan of `apply`.
    #[error("nothing was done, since nobody said yes; --yes applies without asking")]
    NotAgreed,
    /// `apply --dry-run` has something to do, and has said what.
    #[error("there is something to do")]
    SomethingToDo,
    /// No client of the Graph API can be made.
    #[error(transparent)]
    Graph(#[from] graph_client::InvalidSettings),
    /// The database is away, or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The schema could not be brought up to date.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database's schema is not the one of this version.
    #[error("{}", schema_advice(*.0))]
    Schema(SchemaState),
    /// The role of `DATABASE_URL` would see every tenant's rows.
    #[error(
        "the role of DATABASE_URL owns the tables or may bypass row-level security, so nothing would keep tenants apart: \
         use the gateway's own role there, and the owner's only in GROUPGATE_MIGRATE_URL"
    )]
    Unbound,
    /// The log could not be set up.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// The gateway did not start.
    #[error(transparent)]
    Start(StartError),
    /// An address is taken, or not ours to listen on.
    #[error("cannot listen on {address}: {source}; stop what listens there, or choose another address with {setting}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The flag or variable that chooses another.
        setting: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// The sandbox did not start.
    #[error(transparent)]
    Sandbox(#[from] graph_sandbox::SandboxError),
    /// The demo did not start or stop as it should.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// What `health` asked did not answer, or not well.
    #[error("{url} is not healthy: {problem}")]
    NotHealthy {
        /// What was asked.
        url: url::Url,
        /// What came instead of a good answer.
        problem: String,
    },
    /// Reading or writing the terminal, or a signal, failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl CommandError {
    /// Of a gateway that did not start; `chosen_with` names the flag or variable that chooses a part's address.
    pub(super) fn of_start(error: StartError, chosen_with: fn(Listener) -> &'static str) -> Self {
        match error {
            StartError::Bind { listener, address, error: source } => {
                Self::Listen { address, setting: chosen_with(listener), source }
            }
            StartError::Store(error) => Self::Store(error),
            other => Self::Start(other),
        }
    }

    /// The exit code; `groupgate --help` lists them.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::WrongSettings | Self::Usage(_) | Self::SomethingToDo => 2,
            Self::NotApplied { source, .. } => exit_code_of(source),
            Self::Store(error) | Self::Migrate(MigrateError::Store(error)) => exit_code_of(error),
            Self::NoTenant(_) | Self::Missing(_) => 3,
            Self::Schema(_) => 5,
            Self::NotAccepted { .. } | Self::NotSubscribed { .. } | Self::TokensRefused(_) => 6,
            _ => 1,
        }
    }

    /// Whether the exit code is all that is left to tell.
    pub fn is_told(&self) -> bool {
        matches!(self, Self::SomethingToDo)
    }

    /// Whether the reader of our output has gone, as in `groupgate openapi | head`: no failure.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn exit_code_of(error: &StoreError) -> u8 {
    match error {
        StoreError::NotFound { .. } => 3,
        StoreError::Conflict { .. } | StoreError::Stale | StoreError::TooMany { .. } => 4,
        StoreError::Unavailable(_) => 5,
        StoreError::Unreadable { .. } | StoreError::Unfit(_) | StoreError::Internal(_) => 1,
    }
}

fn schema_advice(state: SchemaState) -> String {
    match state {
        SchemaState::Current => "the database's schema is current".to_owned(),
        SchemaState::Absent => {
            "the database has no schema that this role can see: run `groupgate migrate`, which also grants to the \
             role of DATABASE_URL what it needs"
                .to_owned()
        }
        SchemaState::Older { found, expected } => format!(
            "the database's schema is of version {found} and this groupgate needs {expected}: run `groupgate migrate`"
        ),
        SchemaState::Newer { found, expected } => format!(
            "the database's schema is of version {found} and this groupgate knows {expected}: a newer groupgate has \
             migrated it; run that one"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_failure_has_the_exit_code_that_help_promises() {
        let unavailable = || StoreError::Unavailable(String::new());
        let cases: [(CommandError, u8); 7] = [
            (CommandError::Usage(String::new()), 2),
            (CommandError::WrongSettings, 2),
            (StoreError::NotFound { what: "tenant" }.into(), 3),
            (StoreError::Conflict { what: "tenant" }.into(), 4),
            (unavailable().into(), 5),
            (MigrateError::Store(unavailable()).into(), 5),
            (StoreError::Internal(String::new()).into(), 1),
        ];
        for (error, code) in cases {
            assert_eq!(error.exit_code(), code, "{error:?}");
        }
    }

    #[test]
    fn an_older_schema_is_to_be_migrated_and_a_newer_one_left_to_its_version() {
        let older = CommandError::Schema(SchemaState::Older { found: 1, expected: 2 });
        let newer = CommandError::Schema(SchemaState::Newer { found: 3, expected: 2 });
        assert_eq!((older.exit_code(), newer.exit_code()), (5, 5));
        assert!(older.to_string().contains("run `groupgate migrate`"), "{older}");
        assert!(!newer.to_string().contains("migrate`") && newer.to_string().contains("newer groupgate"), "{newer}");
    }
}
