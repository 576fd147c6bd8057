//! `groupgate credentials check`: what Meta says to a stored token.

use cams_api::identifiers::CustSpaceId;
use graph_client::{Call, GraphClient, GraphError, GraphSettings, ListPage, PhoneNumberId, Token};
use serde::Serialize;
use tenant_store::{BusinessNumber, OpenCredential, OpenTenant, Store};

use super::CheckArgs;
use crate::{
    commands::{
        CommandError,
        output::{Table, printable},
        store,
    },
    config::{Environment, SettingFlags, Sources, catalog},
    credentials::advice,
};

#[derive(Serialize)]
struct Checked {
    cust_space_id: String,
    accepted: bool,
    numbers: Vec<CheckedNumber>,
}

/// What Meta says to the token for one number.
#[derive(Serialize)]
struct CheckedNumber {
    business_number: String,
    phone_number_id: String,
    accepted: bool,
    error: Option<Refused>,
}

#[derive(Serialize)]
struct Refused {
    message: String,
    code: Option<i64>,
    subcode: Option<i64>,
    fbtrace_id: Option<String>,
    advice: &'static str,
}

pub(super) async fn run(args: CheckArgs, environment: Environment) -> Result<(), CommandError> {
    let sources = Sources::new(SettingFlags::default(), environment);
    let graph = GraphClient::new(&graph_settings(&sources)?)?;
    let store = store::open_with(&sources).await?;
    let tenant = open(&store, &args.tenant).await?;
    let token = token(&tenant, &sources)?;
    let mut numbers = Vec::new();
    for number in &tenant.numbers {
        numbers.push(ask(&graph, &token, number).await?);
    }
    let refused = numbers.iter().filter(|number| !number.accepted).count();
    let checked = Checked { cust_space_id: tenant.cust_space_id, accepted: refused == 0, numbers };
    args.output.print(&checked, as_text)?;
    let numbers = checked.numbers.len();
    if refused == 0 { Ok(()) } else { Err(CommandError::NotAccepted { refused, numbers }) }
}

/// How Meta is reached, as the gateway reaches it.
pub(in crate::commands) fn graph_settings(sources: &Sources) -> Result<GraphSettings, CommandError> {
    Ok(GraphSettings {
        version: sources.required(&catalog::GRAPH_VERSION)?,
        connect_timeout: sources.required(&catalog::UPSTREAM_CONNECT_TIMEOUT)?,
        timeout: sources.required(&catalog::UPSTREAM_TIMEOUT)?,
        ..GraphSettings::new(sources.required(&catalog::GRAPH_URL)?)
    })
}

/// The tenant with its numbers and token; one without numbers has nothing to ask about.
async fn open(store: &Store, id: &CustSpaceId) -> Result<OpenTenant, CommandError> {
    let tenant = store.open_tenant(id.as_str()).await?.ok_or_else(|| CommandError::NoTenant(id.clone()))?;
    if tenant.numbers.is_empty() {
        let advice = format!("tenant {id} has no number to ask Meta about: groupgate numbers add --tenant {id} …");
        return Err(CommandError::Missing(advice));
    }
    Ok(tenant)
}

fn token(tenant: &OpenTenant, sources: &Sources) -> Result<Token, CommandError> {
    let id = &tenant.cust_space_id;
    let secrets = sources.optional(&catalog::APP_SECRET)?.unwrap_or_default();
    let missing = |what: String| CommandError::Missing(format!("{what}: groupgate credentials set --tenant {id}"));
    match &tenant.credential {
        OpenCredential::Missing => Err(missing(format!("no token is stored for tenant {id}"))),
        OpenCredential::Unreadable => Err(missing(format!(
            "the stored token of tenant {id} does not open; put the master key that it was sealed under back into \
             GROUPGATE_MASTER_KEY, or store it anew"
        ))),
        OpenCredential::Open(token) | OpenCredential::Invalid(token) => Token::new(token, secrets.first())
            .map_err(|error| missing(format!("the stored token cannot be sent ({error})"))),
    }
}

/// Groups are what the gateway is for, so their list is asked for: one group of it is enough.
async fn ask(graph: &GraphClient, token: &Token, number: &BusinessNumber) -> Result<CheckedNumber, CommandError> {
    let id = PhoneNumberId::try_from(number.phone_number_id.as_str());
    let id = id.map_err(|error| CommandError::Missing(format!("number {}: {error}", number.business_number)))?;
    let first = ListPage { limit: Some(1), after: None };
    let answer = graph.list_groups(Call::unguarded(token), &id, &first).await;
    let error = answer.err().map(Refused::from);
    Ok(CheckedNumber {
        business_number: number.business_number.clone(),
        phone_number_id: number.phone_number_id.clone(),
        accepted: error.is_none(),
        error,
    })
}

impl From<GraphError> for Refused {
    fn from(error: GraphError) -> Self {
        let (message, advice) = (error.to_string(), advice(&error));
        match error {
            GraphError::Refused(refusal) => Self {
                message,
                code: Some(refusal.code),
                subcode: refusal.subcode,
                fbtrace_id: refusal.fbtrace_id,
                advice,
            },
            _ => Self { message, code: None, subcode: None, fbtrace_id: None, advice },
        }
    }
}

fn as_text(checked: &Checked) -> String {
    let rows = checked.numbers.iter().map(|number| {
        let answer = number.error.as_ref().map_or("accepted", |_| "not accepted");
        [number.business_number.clone(), number.phone_number_id.clone(), answer.to_owned()]
    });
    let table = Table::new(["NUMBER", "PHONE NUMBER ID", "TOKEN"], rows);
    let refusals = checked.numbers.iter().filter_map(|number| {
        let Refused { message, advice, .. } = number.error.as_ref()?;
        Some(format!("\n{}: {}\n  {advice}", number.business_number, printable(message)))
    });
    std::iter::once(table.to_string()).chain(refusals).collect::<Vec<_>>().join("\n")
}
