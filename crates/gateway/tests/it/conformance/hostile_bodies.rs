//! Bodies that no client makes: JSON at its edges, seeded noise, sizes at their limits. Nothing gives a 500, and each is
//! answered in the envelope.

use serde_json::{Map, Value, json};

use super::cases::{Listed, operations};
use super::stage::{Stage, in_envelope};
use crate::support::Answered;

/// Values that JSON can be written with and a program may stumble over, and some that are none.
fn edges() -> Vec<String> {
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let deep_objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    let mut edges: Vec<String> = [1, 100, 127, 128, 129, 10_000].into_iter().map(deep).collect();
    edges.extend([100, 129, 10_000].into_iter().map(deep_objects));
    edges.extend([format!("1{}", "0".repeat(400)), format!("-0.{}1", "0".repeat(5_000)), "9".repeat(20_000)]);
    let written = [
        "1e400",
        "-1e400",
        "1e-400",
        "-0",
        "0.0",
        "9007199254740993",
        "18446744073709551616",
        "-9223372036854775809",
        "NaN",
        "Infinity",
        "0x10",
        "01",
        "+1",
        "1.",
        ".5",
        "'a'",
        "\"\\x41\"",
        "\"\u{1}\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\ud83d\\ude00\"",
        "\"\\uFFFE\\uFFFF\"",
        "\"\u{202e}\u{feff}\"",
        "{}x",
        "[1,]",
        "{\"a\":1,}",
        "/**/1",
        "tru",
        "nul",
        "\"",
        "",
        "{\"a\":1,\"a\":2}",
        "[null]",
        "[[],[]]",
        "\"\\u\"",
    ];
    edges.extend(written.map(str::to_owned));
    edges
}

/// The example's body with one member written so.
fn with_member(example: &Value, name: &str, written: &str) -> String {
    let others = example.as_object().unwrap().iter().filter(|(other, _)| *other != name);
    let mut members: Vec<String> = others.map(|(other, value)| format!("{}:{value}", json!(other))).collect();
    members.push(format!("{}:{written}", json!(name)));
    format!("{{{}}}", members.join(","))
}

#[track_caller]
fn answered_decently(answer: &Answered, operation: &str, body: &str) {
    let sent: String = body.chars().take(200).collect();
    let about = format!("{operation}: {sent}");
    let told = in_envelope(answer, &about);
    assert!(answer.status < 500, "{about}: {told}");
    assert!(told["Message"].as_str().unwrap().len() < 1000, "{about}: {told}");
}

async fn send_all(stage: &Stage, operation: &str, bodies: &[String]) {
    for chunk in bodies.chunks(32) {
        let sent = chunk.iter().map(|body| stage.send(operation, &[], body.as_str()));
        for (answer, body) in futures_util::future::join_all(sent).await.iter().zip(chunk) {
            answered_decently(answer, operation, body);
        }
    }
}

#[actix_web::test]
async fn every_parameter_of_every_operation_stands_json_at_its_edges() {
    let stage = Stage::set().await;
    for Listed { name: operation, example, parameters } in operations() {
        for parameter in &parameters {
            let bodies: Vec<String> = edges().iter().map(|edge| with_member(&example, parameter, edge)).collect();
            send_all(&stage, operation, &bodies).await;
        }
    }
}

#[actix_web::test]
async fn a_parameter_that_stands_twice_is_refused_by_name() {
    let stage = Stage::set().await;
    let before = stage.app.sandbox.requests().await.len();
    for Listed { name: operation, example, .. } in operations() {
        for (parameter, value) in example.as_object().unwrap() {
            let again = format!("{},{}:{value}}}", example.to_string().strip_suffix('}').unwrap(), json!(parameter));
            let answer = stage.send(operation, &[], again).await.expect(400, "InvalidParameter");
            assert!(answer["Message"].as_str().unwrap().contains(parameter), "{operation}: {answer}");
        }
    }
    assert_eq!(stage.app.sandbox.requests().await.len(), before, "Meta is asked nothing");
}

/// Noise that is the same in each run, by [SplitMix64](https://prng.di.unimi.it/splitmix64.c).
struct Noise(u64);

impl Noise {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        usize::try_from(mixed >> 33).unwrap() % bound
    }

    fn value(&mut self, depth: usize) -> Value {
        let texts =
            ["", " ", "a", "15550000001", "approval_required", "x\u{0}y", "\u{1f600}", "US.1", "2", "https://a/"];
        match self.below(if depth == 0 { 6 } else { 8 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(i64::try_from(self.below(1 << 20)).unwrap() - 1000),
            3 => json!(f64::from(u32::try_from(self.below(1 << 20)).unwrap()) / 7.0),
            4 => json!(texts[self.below(texts.len())]),
            5 => json!(texts[self.below(texts.len())].repeat(self.below(400))),
            6 => (0..self.below(12)).map(|_| self.value(depth - 1)).collect(),
            _ => Value::Object((0..self.below(6)).map(|_| (self.name(), self.value(depth - 1))).collect()),
        }
    }

    fn name(&mut self) -> String {
        let names = ["Index", "Size", "ParticipantNumber", "text", "link", "a", "", "type", "messageId", "\u{0}"];
        names[self.below(names.len())].to_owned()
    }

    /// The example with some members left out, some replaced, and sometimes one more.
    fn body(&mut self, example: &Value) -> String {
        let mut members = Map::new();
        for (name, value) in example.as_object().unwrap() {
            // The tenant mostly stays, so that the noise comes far.
            let kept = if name == "CustSpaceId" { 9 } else { 5 };
            match self.below(10) {
                fate if fate < kept => _ = members.insert(name.clone(), value.clone()),
                9 => {}
                _ => _ = members.insert(name.clone(), self.value(3)),
            }
        }
        if self.below(5) == 0 {
            members.insert(self.name(), self.value(2));
        }
        members.entry("WaitSeconds").and_modify(|wait| *wait = json!(0));
        Value::Object(members).to_string()
    }
}

#[actix_web::test]
async fn no_noise_gives_a_500() {
    let stage = Stage::set().await;
    let mut noise = Noise(0x5eed);
    for Listed { name: operation, example, .. } in operations() {
        let bodies: Vec<String> = (0..64).map(|_| noise.body(&example)).collect();
        send_all(&stage, operation, &bodies).await;
    }
}

/// The largest body of an operation, in bytes.
fn limit(operation: &str) -> usize {
    if operation == "UpdateChatGroup" { 7 << 20 } else { 256 << 10 }
}

#[actix_web::test]
async fn a_body_is_read_up_to_its_operations_limit_and_not_a_byte_beyond() {
    let stage = Stage::set().await;
    for Listed { name: operation, example, .. } in operations() {
        // Its tenant is nobody's, so that nothing is done however often it is read.
        let body = with_member(&example, "CustSpaceId", "\"cams-nobody\"");
        let padded = |size: usize| format!("{body}{}", " ".repeat(size - body.len()));
        stage.send(operation, &[], padded(limit(operation))).await.expect(403, "Forbidden.Tenant");
        stage.send(operation, &[], padded(limit(operation) + 1)).await.expect(413, "RequestTooLarge");
    }
}
