//! The command line: which commands there are. What each does stands in [`crate::commands`].

use std::io::{self, Write as _};

use clap::{Parser, Subcommand};

use crate::{
    commands::{
        CommandError, apply, completions, config, credentials, demo, endpoints, events, export, groups, health, keys,
        limits, listen, man, memory, migrate, numbers, openapi, sandbox, secrets, serve, tenants,
    },
    config::Environment,
    version::VERSION,
};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed
  2  wrong arguments or settings; for apply --dry-run: there is something to do
  3  not found
  4  conflict: it is there already, or belongs to another
  5  the database is unavailable, or its schema is not the one of this version
  6  Meta does not accept a token, or cannot be reached

The commands about tenants, numbers, credentials, keys, limits, groups, endpoints, events and
secrets, and apply and export, need DATABASE_URL and GROUPGATE_MASTER_KEY alone. What they change is
in force on every running gateway within a second, and stands in the audit log.

To begin with:
  groupgate demo                    everything on this machine, to try
  groupgate serve --help            every setting, with its default and its meaning
  groupgate tenants add --help      a tenant, step by step";

/// groupgate: a multi-tenant gateway for WhatsApp groups.
#[derive(Debug, Parser)]
#[command(name = "groupgate", version = VERSION, about, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway.
    Serve(serve::ServeArgs),
    /// Bring the database's schema to this version, and grant the gateway's role what it needs.
    Migrate(migrate::MigrateArgs),
    /// Run everything on this machine, with two tenants to try: PostgreSQL, sandbox, gateway.
    Demo(demo::DemoArgs),
    /// Run the stand-in for the Graph API alone.
    Sandbox(sandbox::SandboxArgs),
    /// Print the OpenAPI document.
    Openapi(openapi::OpenapiArgs),
    /// Ask a gateway that runs whether it answers; for container engines.
    #[command(hide = true)]
    Health(health::HealthArgs),
    /// The tenants: one for each customer.
    #[command(subcommand)]
    Tenants(tenants::TenantsCommand),
    /// The tenants' business numbers.
    #[command(subcommand)]
    Numbers(numbers::NumbersCommand),
    /// The tenants' Graph tokens.
    #[command(subcommand)]
    Credentials(credentials::CredentialsCommand),
    /// The access keys of callers.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// The tenants' own limits.
    #[command(subcommand)]
    Limits(limits::LimitsCommand),
    /// What is known of the tenants' groups.
    #[command(subcommand)]
    Groups(groups::GroupsCommand),
    /// What is sealed: replacing the master key, and looking whether everything opens.
    #[command(subcommand)]
    Secrets(secrets::SecretsCommand),
    /// Where events are delivered to.
    #[command(subcommand)]
    Endpoints(endpoints::EndpointsCommand),
    /// What Meta's webhooks have told.
    #[command(subcommand)]
    Events(events::EventsCommand),
    /// Make tenants what a file says: their numbers, tokens, limits, endpoints and access keys.
    Apply(apply::ApplyArgs),
    /// Print the tenants in the form that apply takes, without secrets.
    Export(export::ExportArgs),
    /// Post a tenant's events to a hook on this machine, as an endpoint gets them.
    Listen(listen::ListenArgs),
    /// The settings.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Print a script that completes groupgate's commands in a shell.
    Completions(completions::CompletionsArgs),
    /// Print the manual page of groupgate or of a command.
    Man(man::ManArgs),
}

impl Cli {
    /// Runs the command to its end.
    ///
    /// # Errors
    /// Why it did not succeed; [`CommandError::exit_code`] is for the shell.
    pub fn run(self, environment: Environment) -> Result<(), CommandError> {
        if let Err(error) = memory::keep_private() {
            // Before there is a log.
            let _ =
                writeln!(io::stderr(), "warning: this process's memory, with secrets in it, may be looked at: {error}");
        }
        actix_web::rt::System::new().block_on(self.command.run(environment))
    }
}

impl Command {
    async fn run(self, environment: Environment) -> Result<(), CommandError> {
        match self {
            Self::Serve(args) => serve::run(args, environment).await,
            Self::Migrate(args) => migrate::run(&args, environment).await,
            Self::Demo(args) => demo::run(args, environment).await,
            Self::Sandbox(args) => sandbox::run(args, environment).await,
            Self::Openapi(args) => openapi::run(&args),
            Self::Health(args) => health::run(args, environment).await,
            Self::Tenants(command) => tenants::run(command, environment).await,
            Self::Numbers(command) => numbers::run(command, environment).await,
            Self::Credentials(command) => credentials::run(command, environment).await,
            Self::Keys(command) => keys::run(command, environment).await,
            Self::Limits(command) => limits::run(command, environment).await,
            Self::Groups(command) => groups::run(command, environment).await,
            Self::Secrets(command) => secrets::run(command, environment).await,
            Self::Endpoints(command) => endpoints::run(command, environment).await,
            Self::Events(command) => events::run(command, environment).await,
            Self::Apply(args) => apply::run(&args, environment).await,
            Self::Export(args) => export::run(&args, environment).await,
            Self::Listen(args) => listen::run(args, environment).await,
            Self::Config(command) => config::run(command, environment),
            Self::Completions(args) => completions::run(&args),
            Self::Man(args) => man::run(&args),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_and_their_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
