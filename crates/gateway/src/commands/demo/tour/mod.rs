//! `demo --tour`: walks one group's life through the public API, as any other client, and prints each call and answer.

mod steps;

use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::{Duration, Instant},
};

use awc::Client;
use serde_json::Value;

use self::steps::{Callee, Step};
use super::{DemoError, Facts, names::TENANTS, state::Secret};
use crate::commands::CommandError;

/// More than the longest `WaitSeconds`.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long a step that waits for a webhook is tried again, and how often.
const UNTIL_TRUE: Duration = Duration::from_secs(10);
const AGAIN_AFTER: Duration = Duration::from_millis(50);

/// How much of a body is printed, in characters.
const SHOWN: usize = 800;

/// What the tour knows so far, by name.
type Known = BTreeMap<&'static str, String>;

/// A step that is about to be taken.
struct Call<'a> {
    url: String,
    body: Value,
    /// The key's ID and secret, where one is asked for.
    key: Option<(&'a str, &'a str)>,
}

/// What came of it.
struct Answer {
    status: u16,
    /// As it came.
    text: String,
    json: Value,
}

/// Takes every step against a demo that runs.
///
/// # Errors
/// [`DemoError::Tour`] for the first answer that is not as it should be.
pub(super) async fn walk(facts: &Facts) -> Result<(), CommandError> {
    let client = Client::builder().timeout(PATIENCE).finish();
    let steps = steps::all();
    let tenant = TENANTS[0];
    let mut known = Known::from([
        ("CustSpaceId", tenant.cust_space_id.to_owned()),
        ("BusinessNumber", tenant.business_number.to_owned()),
    ]);
    say(&format!("One group's life, with the access key {} of {}.\n", tenant.access_key_id, tenant.cust_space_id))?;
    for (index, step) in steps.iter().enumerate() {
        let call = prepared(step, facts, &known);
        say(&format!(
            "\n{}/{}  {}\n\nPOST {}\n{}\n",
            index + 1,
            steps.len(),
            step.story,
            call.url,
            shortened(&call.body.to_string())
        ))?;
        let answer = answered(&client, step, &call, &known).await?;
        say(&format!("\n{}\n{}\n", answer.status, shortened(&answer.text)))?;
        check(step, &known, &answer)?;
        known.extend(learned(step, &answer.json)?);
    }
    say("\nThe tour is over; everything stops. `groupgate demo` starts it again, to try things yourself.\n")?;
    Ok(())
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn prepared<'a>(step: &Step, facts: &'a Facts, known: &Known) -> Call<'a> {
    let body = filled_in(&step.body, known);
    match step.callee {
        Callee::Phone(path) => Call { url: format!("{}{path}", facts.sandbox_url), body, key: None },
        Callee::Gateway(operation) => Call {
            url: format!("{}/v1/{operation}", facts.gateway_url),
            body: addressed(&body, known),
            key: Some((TENANTS[0].access_key_id, facts.secrets.expose(Secret::AccessKey(0)))),
        },
    }
}

/// The parameters with those that every operation takes.
fn addressed(parameters: &Value, known: &Known) -> Value {
    let common = ["CustSpaceId", "BusinessNumber"].map(|name| (name.to_owned(), known[name].clone().into()));
    let own = parameters.as_object().cloned().unwrap_or_default();
    Value::Object(common.into_iter().chain(own).collect())
}

/// The value with every `{Name}` as it is known.
fn filled_in(value: &Value, known: &Known) -> Value {
    match value {
        Value::String(text) => {
            let name = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
            name.and_then(|name| known.get(name)).map_or_else(|| value.clone(), |meant| meant.clone().into())
        }
        Value::Array(items) => items.iter().map(|item| filled_in(item, known)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), filled_in(value, known))).collect(),
        other => other.clone(),
    }
}

/// The answer; where it takes a moment until that is as it should be, the last of several.
async fn answered(client: &Client, step: &Step, call: &Call<'_>, known: &Known) -> Result<Answer, DemoError> {
    let until = Instant::now() + UNTIL_TRUE;
    loop {
        let answer = sent(client, call).await?;
        if !step.in_the_end || check(step, known, &answer).is_ok() || Instant::now() > until {
            return Ok(answer);
        }
        actix_web::rt::time::sleep(AGAIN_AFTER).await;
    }
}

async fn sent(client: &Client, call: &Call<'_>) -> Result<Answer, DemoError> {
    let failed =
        |error: &dyn std::fmt::Display| DemoError::TourCall { url: call.url.clone(), reason: error.to_string() };
    let request = client.post(&call.url);
    let request = match call.key {
        Some((id, secret)) => request.basic_auth(id, secret),
        None => request,
    };
    let mut response = request.send_json(&call.body).await.map_err(|error| failed(&error))?;
    let body = response.body().await.map_err(|error| failed(&error))?;
    let text = String::from_utf8_lossy(&body).into_owned();
    let json = serde_json::from_str(&text).map_err(|error| failed(&error))?;
    Ok(Answer { status: response.status().as_u16(), text, json })
}

fn check(step: &Step, known: &Known, answer: &Answer) -> Result<(), DemoError> {
    let wrong = |expected: String| DemoError::Tour { story: step.story, expected };
    if answer.status != step.status {
        return Err(wrong(format!("HTTP {}", step.status)));
    }
    let expected = step.shows.iter().map(|(pointer, value)| (pointer, filled_in(value, known)));
    let mut missed = expected.filter(|(pointer, value)| answer.json.pointer(pointer) != Some(value));
    missed.next().map_or(Ok(()), |(pointer, value)| Err(wrong(format!("{value} at {pointer}"))))
}

fn learned(step: &Step, answer: &Value) -> Result<Known, DemoError> {
    let text_at = |&(pointer, name): &(&'static str, &'static str)| {
        let text = answer.pointer(pointer).and_then(Value::as_str);
        let missing = || DemoError::Tour { story: step.story, expected: format!("a text at {pointer}") };
        text.map(|text| (name, text.to_owned())).ok_or_else(missing)
    };
    step.learns.iter().map(text_at).collect()
}

/// A body as it is printed.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_known_takes_the_place_of_its_name_at_any_depth() {
        let known = Known::from([("GroupId", "g-1".to_owned())]);
        let template = json!({ "GroupId": "{GroupId}", "List": [{ "Id": "{GroupId}" }, 7], "Text": "{Unknown}" });
        let filled = json!({ "GroupId": "g-1", "List": [{ "Id": "g-1" }, 7], "Text": "{Unknown}" });
        assert_eq!(filled_in(&template, &known), filled);
    }

    #[test]
    fn no_step_uses_what_no_earlier_one_has_learned() {
        let mut known = BTreeSet::new();
        for step in steps::all() {
            let used = step.shows.iter().map(|(_, value)| value.clone()).chain([step.body.clone()]);
            let used = Value::Array(used.collect()).to_string();
            for name in used.split("\"{").skip(1).filter_map(|rest| rest.split_once("}\"")).map(|(name, _)| name) {
                assert!(known.contains(name), "{name} in {step:?}");
            }
            known.extend(step.learns.iter().map(|(_, name)| *name));
        }
    }

    #[test]
    fn an_answer_that_is_not_as_it_should_be_is_told_with_the_place() {
        let steps = steps::all();
        let answer = |status, json| Answer { status, text: String::new(), json };
        let suspended = answer(200, json!({ "GroupStatus": "SUSPENDED" }));
        let error = check(&steps[0], &Known::new(), &suspended).unwrap_err();
        assert!(error.to_string().contains("\"ACTIVE\" at /GroupStatus"), "{error}");
        let error = check(&steps[0], &Known::new(), &answer(503, json!({}))).unwrap_err();
        assert!(error.to_string().contains("HTTP 200"), "{error}");
        let error = learned(&steps[0], &json!({ "GroupId": "g-1" })).unwrap_err();
        assert!(error.to_string().contains("/InviteLink"), "{error}");
    }

    #[test]
    fn a_long_body_is_shortened_between_characters() {
        let text = shortened(&"é".repeat(1000));
        assert_eq!(text.chars().count(), SHOWN + 1);
        assert!(text.ends_with('…'));
    }
}
