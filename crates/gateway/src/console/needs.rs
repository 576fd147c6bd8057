//! What needs a person, in words: what is wrong, what to do, and where.

use tenant_store::{
    CredentialTrouble, DisabledEndpoint, FailedOnboarding, KnownEndpoint, KnownTenant, LostDeliveries, NumberTrouble,
    OnboardingStep, ThrottledTenant, TroubledToken, UnknownNumbers,
};
use time::OffsetDateTime;

use super::traffic::grouped;
use crate::admin::attention::{Kind, Need, Urgency};

/// Meta's limit of groups of a number
/// ([Meta: groups](https://developers.facebook.com/docs/whatsapp/cloud-api/groups/)).
const MOST_GROUPS: &str = "10,000";
/// From here on, what is counted is not counted any further.
const COUNTED_EVENTS: i64 = 10_000;
const COUNTED_DELIVERIES: i64 = 100;

/// One thing that needs a person, as the page shows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NeedShown {
    /// The badge's kind.
    pub(super) kind: &'static str,
    /// In a word or two.
    pub(super) badge: &'static str,
    /// What it is about.
    pub(super) subject: String,
    /// The page where it is mended.
    pub(super) href: String,
    /// What is wrong.
    pub(super) trouble: String,
    /// What to do.
    pub(super) cure: String,
    /// What happened or will happen then, before the time.
    pub(super) when: Option<(&'static str, OffsetDateTime)>,
}

impl From<Need> for NeedShown {
    fn from(need: Need) -> Self {
        let kind = match need.urgency() {
            Urgency::Broken => "bad",
            Urgency::Waiting | Urgency::Soon => "warn",
        };
        let shown = match need {
            Need::Credential(found) => credential(found),
            Need::Number(found) => number(&found),
            Need::Endpoint(found) => endpoint(found),
            Need::Deliveries(found) => deliveries(found),
            Need::UnknownNumbers(found) => unknown_numbers(&found),
            Need::Onboarding(found) => onboarding(found),
            Need::Throttled(found) => throttled(&found),
        };
        Self { kind, ..shown }
    }
}

fn shown(
    badge: &'static str,
    subject: String,
    href: String,
    trouble: impl Into<String>,
    cure: impl Into<String>,
) -> NeedShown {
    NeedShown { kind: "warn", badge, subject, href, trouble: trouble.into(), cure: cure.into(), when: None }
}

fn credential(CredentialTrouble { tenant, token }: CredentialTrouble) -> NeedShown {
    let (subject, href) = (tenant.name.clone(), page(&tenant, "credential"));
    match token {
        TroubledToken::Invalid(why) => {
            let said = why.map(|why| format!(" It says: {}", sentence(&why))).unwrap_or_default();
            let trouble = format!("Meta refuses the tenant’s token, and so every call is refused.{said}");
            shown("Token refused", subject, href, trouble, "Ask the customer for a new token, and store it.")
        }
        TroubledToken::Missing => shown(
            "No token",
            subject,
            href,
            "The tenant has a number and no token, so no call gets to Meta.",
            "Store the customer’s token, or onboard the tenant.",
        ),
        TroubledToken::Expiring(ends) => NeedShown {
            when: ends.map(|ends| ("Ends", ends)),
            ..shown(
                "Token ends",
                subject,
                href,
                "The tenant’s token ends soon. Then every call is refused.",
                "Ask the customer for a new token before, and store it.",
            )
        },
    }
}

fn number(found: &NumberTrouble) -> NeedShown {
    let (subject, href) = (format!("{}: {}", found.tenant.name, found.business_number), page(&found.tenant, "numbers"));
    let mut troubles = Vec::new();
    let mut cures = Vec::new();
    if let Some(status) = &found.status {
        troubles.push(format!("Meta says that the number is {status}."));
        cures.push("See in Meta’s Business Manager why, and appeal there.".to_owned());
    }
    if let Some(groups) = found.groups {
        troubles
            .push(format!("It has {} of the {MOST_GROUPS} groups that Meta lets it have.", grouped(i64::from(groups))));
        cures.push("Delete groups that are over, or take on another number.".to_owned());
    }
    if found.quality_rating.is_some() {
        troubles.push("Meta rates its quality as low, and may limit what it sends.".to_owned());
        cures.push("Ask the customer what it sends that people block or report.".to_owned());
    }
    if let Some(why) = &found.ineligible {
        troubles.push("Meta does not let it have groups.".to_owned());
        let why = if why.is_empty() { "Ask the customer for the number’s state at Meta." } else { why };
        cures.push(sentence(why));
    }
    let badge = match found {
        NumberTrouble { status: Some(_), .. } => "Number limited",
        NumberTrouble { groups: Some(_), .. } => "Near the limit",
        NumberTrouble { quality_rating: Some(_), .. } => "Low quality",
        _ => "No groups",
    };
    shown(badge, subject, href, troubles.join(" "), cures.join(" "))
}

fn endpoint(DisabledEndpoint { endpoint, reason, since }: DisabledEndpoint) -> NeedShown {
    let why = reason.map(|reason| format!(" The reason: {}", sentence(&reason))).unwrap_or_default();
    let trouble = format!("The endpoint is disabled, so no event is delivered to it.{why}");
    let cure = "When its receiver works again, enable it, and have it sent what it missed.";
    NeedShown {
        when: since.map(|since| ("Since", since)),
        ..shown("Endpoint off", called(&endpoint), place(&endpoint), trouble, cure)
    }
}

fn deliveries(LostDeliveries { endpoint, dead }: LostDeliveries) -> NeedShown {
    let count = counted(dead, COUNTED_DELIVERIES, "delivery", "deliveries");
    let trouble = format!("In the last day, {count} failed in every try, and no more are made.");
    let cure = "See what the receiver answered. When it works again, have the failed ones sent again.";
    shown("Events lost", called(&endpoint), place(&endpoint), trouble, cure)
}

fn unknown_numbers(found: &UnknownNumbers) -> NeedShown {
    let events = counted(found.events, COUNTED_EVENTS, "event", "events");
    let numbers = counted(found.numbers.max(1), i64::MAX, "number", "numbers");
    let trouble = format!("{events} came of {numbers} that no tenant has, and wait for one.");
    let cure = "Add the number to its tenant, which then gets them; or end Meta’s subscription to its account.";
    NeedShown {
        when: found.since.map(|since| ("Since", since)),
        ..shown(
            "Unrouted",
            "Events of unknown numbers".to_owned(),
            "/console/events/unrouted".to_owned(),
            trouble,
            cure,
        )
    }
}

fn onboarding(FailedOnboarding { tenant, failed, at }: FailedOnboarding) -> NeedShown {
    let detail = failed.detail.map(|detail| format!(" {}", sentence(&detail))).unwrap_or_default();
    let trouble = format!("The onboarding stopped at {}.{detail}", step(failed.step));
    let cure = failed.fix.map_or_else(|| "Repeat the step.".to_owned(), |fix| sentence(&fix));
    let (subject, href) = (tenant.name.clone(), page(&tenant, "onboarding"));
    NeedShown { when: Some(("Last tried", at)), ..shown("Onboarding", subject, href, trouble, cure) }
}

fn throttled(found: &ThrottledTenant) -> NeedShown {
    let (subject, href) = (found.tenant.name.clone(), page(&found.tenant, "limits"));
    let calls = counted(found.calls, i64::MAX, "call was", "calls were");
    let trouble = format!("In the last 24 hours, {calls} refused since a number had made as many to Meta as it may.");
    let cure = "Ask the customer to call less often; or raise the limit of a number, if Meta’s own allows it.";
    shown("Limit reached", subject, href, trouble, cure)
}

/// What there is more of, with the list that has it where there is one.
pub(super) fn more((kind, count): (Kind, i64)) -> String {
    let (one, several) = match kind {
        Kind::Credentials => ("more token", "more tokens"),
        Kind::Numbers => ("more number", "more numbers"),
        Kind::Endpoints => ("more disabled endpoint", "more disabled endpoints"),
        Kind::Deliveries => ("more endpoint that events did not reach", "more endpoints that events did not reach"),
        Kind::Onboardings => ("more onboarding", "more onboardings"),
        Kind::Throttled => ("more tenant that reached a limit", "more tenants that reached a limit"),
    };
    counted(count, i64::MAX, one, several)
}

fn page(tenant: &KnownTenant, tab: &str) -> String {
    format!("/console/tenants/{}/{tab}", tenant.cust_space_id)
}

fn place(endpoint: &KnownEndpoint) -> String {
    let of_tenant = endpoint.tenant.as_ref().map(|tenant| format!("/tenants/{}", tenant.cust_space_id));
    format!("/console{}/endpoints/{}", of_tenant.unwrap_or_default(), endpoint.endpoint_id)
}

fn called(endpoint: &KnownEndpoint) -> String {
    let owner = endpoint.tenant.as_ref().map_or("Your own", |tenant| &tenant.name);
    let name = endpoint.description.as_deref().unwrap_or(&endpoint.url);
    format!("{owner}: {name}")
}

fn step(step: OnboardingStep) -> &'static str {
    match step {
        OnboardingStep::Token => "the token",
        OnboardingStep::Permissions => "the token’s permissions",
        OnboardingStep::Numbers => "the numbers",
        OnboardingStep::Subscription => "the subscription to webhooks",
        OnboardingStep::Eligibility => "the numbers’ right to groups",
    }
}

/// How many there are, up to what was counted.
fn counted(count: i64, most: i64, one: &str, several: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count if count >= most => format!("{} {several} or more", grouped(count)),
        count => format!("{} {several}", grouped(count)),
    }
}

/// With a full stop, whoever wrote it.
fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bakery() -> KnownTenant {
        KnownTenant { cust_space_id: "cams-bakery".to_owned(), name: "Bakery Miller".to_owned() }
    }

    #[test]
    fn a_refused_token_is_told_with_metas_words_and_where_a_new_one_is_stored() {
        let token = TroubledToken::Invalid(Some("Session has expired".to_owned()));
        let shown = NeedShown::from(Need::Credential(CredentialTrouble { tenant: bakery(), token }));
        assert_eq!((shown.kind, shown.href.as_str()), ("bad", "/console/tenants/cams-bakery/credential"));
        assert!(shown.trouble.ends_with("every call is refused. It says: Session has expired."), "{}", shown.trouble);
    }

    #[test]
    fn a_number_with_several_troubles_is_told_of_once_with_all_of_them() {
        let found = NumberTrouble {
            tenant: bakery(),
            business_number: "15550000001".to_owned(),
            status: None,
            quality_rating: Some("RED".to_owned()),
            ineligible: Some("Apply for it".to_owned()),
            groups: Some(9_500),
        };
        let shown = NeedShown::from(Need::Number(found));
        assert_eq!((shown.badge, shown.subject.as_str()), ("Near the limit", "Bakery Miller: 15550000001"));
        assert_eq!(shown.trouble.matches('.').count(), 3, "{}", shown.trouble);
        assert!(shown.cure.ends_with("Apply for it."), "{}", shown.cure);
    }

    #[test]
    fn what_is_counted_up_to_a_bound_says_so() {
        assert_eq!(counted(1, 100, "delivery", "deliveries"), "1 delivery");
        assert_eq!(counted(99, 100, "delivery", "deliveries"), "99 deliveries");
        assert_eq!(counted(100, 100, "delivery", "deliveries"), "100 deliveries or more");
        assert_eq!(more((Kind::Numbers, 2)), "2 more numbers");
    }

    #[test]
    fn an_endpoint_of_the_isvs_own_is_called_and_found_as_such() {
        let endpoint_id = tenant_store::EndpointId(uuid::Uuid::nil());
        let url = "https://isv.example/hooks".to_owned();
        let endpoint = KnownEndpoint { endpoint_id, tenant: None, description: None, url };
        let shown = NeedShown::from(Need::Deliveries(LostDeliveries { endpoint, dead: 2 }));
        assert_eq!(shown.subject, "Your own: https://isv.example/hooks");
        assert_eq!(shown.href, format!("/console/endpoints/{endpoint_id}"));
    }
}
