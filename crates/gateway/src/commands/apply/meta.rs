//! What a plan takes of Meta: new tokens are shown to it before anything is done, so that no tenant loses a token that works to
//! one that does not; and the webhooks of new accounts are let come to the app.

use std::io::{self, Write};

use futures_util::{StreamExt, stream};
use graph_client::{App, Call, GraphClient, GraphError, Token, WabaId};
use secrecy::SecretString;
use tenant_store::{CredentialCheck, CredentialState, Store};

use super::plan::{Action, Plan};
use crate::{
    commands::{CommandError, credentials::graph_settings},
    config::{Sources, catalog},
    credentials::{Unchecked, advice, check, opened},
};

/// How many tokens Meta is asked about at once.
const AT_ONCE: usize = 8;

/// Meta, and the app in whose name it is asked.
pub(super) struct Meta {
    app: App,
    graph: GraphClient,
}

/// What Meta says of a token.
enum Verdict {
    Taken(CredentialCheck),
    Refused(String),
    /// Meta could not be asked now.
    Away(Unchecked),
}

impl Meta {
    /// Meta, where the command was told which app is the ISV's.
    pub(super) fn of(sources: &Sources) -> Result<Option<Self>, CommandError> {
        let secrets = sources.optional(&catalog::APP_SECRET)?.unwrap_or_default();
        let Some((id, secret)) = sources.optional(&catalog::APP_ID)?.zip(secrets.into_iter().next()) else {
            return Ok(None);
        };
        let app = App::new(&id, &secret).map_err(|error| CommandError::Usage(error.to_string()))?;
        Ok(Some(Self { app, graph: GraphClient::new(&graph_settings(sources)?)? }))
    }

    /// Asks about the plan's new tokens, and notes what Meta says where they are set. Where it is away, the gateways that run
    /// ask later.
    ///
    /// # Errors
    /// [`CommandError::TokensRefused`]
    pub(super) async fn check_tokens(&self, plan: &mut Plan) -> Result<(), CommandError> {
        let new = plan.steps.iter_mut().filter_map(|step| match &mut step.action {
            Action::SetToken(token, check, _) => Some((&step.cust_space_id, &*token, check)),
            _ => None,
        });
        let asked = new.map(async |(id, token, check)| (id, check, self.verdict(token).await));
        let mut refused = Vec::new();
        for (id, check, verdict) in stream::iter(asked).buffered(AT_ONCE).collect::<Vec<_>>().await {
            match verdict {
                Verdict::Taken(taken) => *check = Some(taken),
                Verdict::Refused(why) => refused.push(format!("\n  {id}: {why}")),
                Verdict::Away(error) => {
                    writeln!(io::stderr(), "warning: Meta could not be asked about the token of {id}: {error}")?;
                }
            }
        }
        if refused.is_empty() { Ok(()) } else { Err(CommandError::TokensRefused(refused.concat())) }
    }

    async fn verdict(&self, token: &SecretString) -> Verdict {
        match check(&self.graph, Call::unguarded(self.app.token()), &self.app, token).await {
            Ok(checked) if checked.check.state == CredentialState::Invalid => {
                Verdict::Refused(checked.check.reason.unwrap_or_default())
            }
            Ok(checked) => Verdict::Taken(checked.check),
            Err(Unchecked::Graph(error @ GraphError::Refused(_))) => Verdict::Refused(told(&error)),
            Err(error @ Unchecked::Unsendable(_)) => Verdict::Refused(error.to_string()),
            Err(error) => Verdict::Away(error),
        }
    }

    /// Lets the account's webhooks come to the app, by this token, or the tenant's stored one. It does no harm again.
    ///
    /// # Errors
    /// Why Meta does not, in words.
    pub(super) async fn subscribe(
        &self,
        store: &Store,
        id: &str,
        waba_id: &str,
        token: Option<&SecretString>,
    ) -> Result<(), String> {
        let stored = match token {
            Some(_) => None,
            None => store.space(id).stored_token().await.map_err(|error| error.to_string())?,
        };
        let token = token.or_else(|| stored.as_ref().and_then(|stored| opened(&stored.token)));
        let token = token.ok_or("the stored token does not open")?;
        let token = Token::new(token, Some(self.app.secret())).map_err(|error| error.to_string())?;
        let waba_id = WabaId::try_from(waba_id).map_err(|error| error.to_string())?;
        let subscribed = self.graph.subscribe_app(Call::unguarded(&token), &waba_id).await;
        subscribed.map(drop).map_err(|error| told(&error))
    }
}

fn told(error: &GraphError) -> String {
    format!("{error}. {}", advice(error))
}
