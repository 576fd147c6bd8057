//! `endpoints replay`: events that are delivered once more, with the IDs that they had.

use std::str::FromStr;

use cams_api::{events::EventId, identifiers::CustSpaceId};
use clap::Args;
use serde::Serialize;
use tenant_store::{EndpointState, Replay, ReplayOnly, ReplaySpan};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::arguments::{Named, Owner};
use crate::{
    commands::{
        CommandError,
        output::{OutputArgs, counted},
        store,
    },
    config::Environment,
};

/// The arguments of `endpoints replay`.
#[derive(Debug, Args)]
#[command(after_help = "\
Only events that are kept yet (GROUPGATE_EVENT_RETENTION), and those whose types the endpoint gets;
one event by its ID whatever its type. They keep their IDs, so that a receiver which has seen one
knows it again. To an endpoint that is disabled nothing is sent: enable it first.

Examples:
  groupgate endpoints replay ep_0199f3c2a7b07c3e8a51d2f04e6b9c17 --tenant cams-8c8pdv --since 1742
  groupgate endpoints replay ep_0199f3c2a7b07c3e8a51d2f04e6b9c17 --tenant cams-8c8pdv \\
    --since 2026-11-20T00:00:00Z --until 2026-11-21T00:00:00Z --only-failed
  groupgate endpoints replay ep_0199f3c2a7b07c3e8a51d2f04e6b9c17 --isv --of cams-8c8pdv --since 1742
  groupgate endpoints replay ep_0199f3c2a7b07c3e8a51d2f04e6b9c17 --tenant cams-8c8pdv \\
    --event evt_0199f3c2a7b07c3e8a51d2f04e6b9c18")]
pub struct ReplayArgs {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    which: Which,
    /// The last to be sent, in the form of --since; all up to now where absent.
    #[arg(long, value_name = "SEQUENCE|TIME", requires = "since")]
    until: Option<Point>,
    /// At an endpoint of the ISV, whose sequence --since is.
    #[arg(long, value_name = "CUST_SPACE_ID", requires = "since")]
    of: Option<CustSpaceId>,
    #[command(flatten)]
    output: OutputArgs,
}

/// What is sent once more. At least one.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Which {
    /// This one event.
    #[arg(long, value_name = "EVENT_ID", conflicts_with_all = ["since", "only_failed"])]
    event: Option<EventId>,
    /// The first to be sent: a sequence, or the time at which it was received, in RFC 3339.
    #[arg(long, value_name = "SEQUENCE|TIME")]
    since: Option<Point>,
    /// Only events whose last delivery to this endpoint was given up.
    #[arg(long)]
    only_failed: bool,
}

/// A place in the events of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    Sequence(i64),
    Time(OffsetDateTime),
}

#[derive(Serialize)]
struct Replayed {
    endpoint_id: String,
    replayed: u64,
}

pub(super) async fn run(args: ReplayArgs, environment: Environment) -> Result<(), CommandError> {
    let replay = args.replay()?;
    let store = store::open(environment).await?;
    let (space, endpoint) = args.named.find(&store).await?;
    if endpoint.state == EndpointState::Disabled {
        let advice =
            "the endpoint is disabled, so nothing is sent to it: enable it first, with --replay for what it missed";
        return Err(CommandError::Missing(advice.to_owned()));
    }
    let replayed = space.replay(args.named.id, &replay, &store::actor()).await?;
    let replayed = Replayed { endpoint_id: endpoint.endpoint_id.to_string(), replayed };
    Ok(args.output.print(&replayed, Replayed::text)?)
}

impl ReplayArgs {
    fn replay(&self) -> Result<Replay, CommandError> {
        let only = if self.which.only_failed { ReplayOnly::Failed } else { ReplayOnly::All };
        Ok(Replay { span: self.span()?, only })
    }

    fn span(&self) -> Result<ReplaySpan, CommandError> {
        let Some(since) = self.which.since else {
            let ever = ReplaySpan::Times { since: OffsetDateTime::UNIX_EPOCH, until: None };
            return Ok(self.which.event.map_or(ever, |event| ReplaySpan::Event(event.0)));
        };
        match (since, self.until) {
            (Point::Sequence(since), None) => Ok(self.sequences(since, None)?),
            (Point::Sequence(since), Some(Point::Sequence(until))) => Ok(self.sequences(since, Some(until))?),
            (Point::Time(since), None) => Ok(ReplaySpan::Times { since, until: None }),
            (Point::Time(since), Some(Point::Time(until))) => Ok(ReplaySpan::Times { since, until: Some(until) }),
            _ => Err(CommandError::Usage("--since and --until must both be sequences, or both be times".to_owned())),
        }
    }

    /// Sequences count by tenant.
    fn sequences(&self, since: i64, until: Option<i64>) -> Result<ReplaySpan, CommandError> {
        let Owner { tenant, .. } = &self.named.owner;
        let tenant = tenant.as_ref().or(self.of.as_ref()).ok_or_else(|| {
            let advice = "each tenant has sequences of its own: name one with --of, or give a time to --since";
            CommandError::Usage(advice.to_owned())
        })?;
        Ok(ReplaySpan::Sequences { cust_space_id: tenant.to_string(), since, until })
    }
}

impl FromStr for Point {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let sequence = text.parse().ok().filter(|sequence| *sequence >= 0).map(Self::Sequence);
        let time = || OffsetDateTime::parse(text, &Rfc3339).ok().map(Self::Time);
        sequence.or_else(time).ok_or("expected a sequence such as 1742, or a time such as 2026-11-20T08:00:00Z")
    }
}

impl Replayed {
    fn text(&self) -> String {
        match self.replayed {
            0 => format!("Nothing to send to endpoint {}.", self.endpoint_id),
            events => format!("Endpoint {} is sent {} once more.", self.endpoint_id, counted(events, "event")),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use time::macros::datetime;

    use super::*;

    const ID: &str = "ep_0199f3c2a7b07c3e8a51d2f04e6b9c17";

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: ReplayArgs,
    }

    fn replay(line: &str) -> Result<Replay, String> {
        let words = ["replay", ID].into_iter().chain(line.split(' '));
        let parsed = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        parsed.args.replay().map_err(|error| error.to_string())
    }

    #[test]
    fn a_span_is_of_sequences_or_of_times() {
        let sequences = |until| ReplaySpan::Sequences { cust_space_id: "cams-a1".to_owned(), since: 7, until };
        assert_eq!(replay("--tenant cams-a1 --since 7").unwrap().span, sequences(None));
        assert_eq!(replay("--tenant cams-a1 --since 7 --until 9").unwrap().span, sequences(Some(9)));
        assert_eq!(replay("--isv --of cams-a1 --since 7").unwrap().span, sequences(None));
        let since = datetime!(2026-11-20 08:00 UTC);
        let times = ReplaySpan::Times { since, until: Some(since + time::Duration::DAY) };
        assert_eq!(replay("--isv --since 2026-11-20T08:00:00Z --until 2026-11-21T09:00:00+01:00").unwrap().span, times);
    }

    #[test]
    fn what_failed_is_asked_for_with_or_without_a_span() {
        let ever = ReplaySpan::Times { since: OffsetDateTime::UNIX_EPOCH, until: None };
        assert_eq!(replay("--only-failed").unwrap(), Replay { span: ever, only: ReplayOnly::Failed });
        assert_eq!(replay("--tenant cams-a1 --since 7 --only-failed").unwrap().only, ReplayOnly::Failed);
    }

    #[test]
    fn what_means_no_span_is_refused_with_what_is_expected() {
        let cases = [
            ("--isv", "--event"),
            ("--isv --since soon", "such as 1742"),
            ("--isv --since 7", "--of"),
            ("--tenant cams-a1 --since 7 --until 2026-11-20T08:00:00Z", "both be"),
            ("--tenant cams-a1 --until 7 --only-failed", "--since"),
            ("--event evt_0199f3c2a7b07c3e8a51d2f04e6b9c18 --since 7", "cannot be used"),
        ];
        for (line, expected) in cases {
            let error = replay(line).unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
