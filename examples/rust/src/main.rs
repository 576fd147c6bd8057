//! Receives groupgate's events: verifies each, answers at once, then handles it once. See `../README.md`.
#![expect(clippy::print_stdout, reason = "the lines are what the example shows")]

use std::collections::{HashMap, HashSet};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::{env, error::Error, thread};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web::Bytes, web::Data, web::post};
use serde_json::Value;
use standardwebhooks::Webhook;

async fn receive(call: HttpRequest, body: Bytes, webhook: Data<Webhook>, to: Data<Sender<Value>>) -> HttpResponse {
    let pairs = call.headers().iter().map(|(name, value)| (name.as_str().parse(), value.as_bytes().try_into()));
    let headers = pairs.filter_map(|(name, value)| Some((name.ok()?, value.ok()?))).collect();
    let is_signed = webhook.verify(&body, &headers).is_ok();
    let is_taken = is_signed && serde_json::from_slice(&body).is_ok_and(|event| to.send(event).is_ok());
    if is_taken { HttpResponse::NoContent().finish() } else { HttpResponse::Unauthorized().finish() }
}

fn handle(received: Receiver<Value>) {
    let (mut seen, mut newest) = (HashSet::new(), HashMap::<_, i64>::new());
    // `Id` is what stands in `webhook-id`: an event that was seen is delivered again.
    for event in received.into_iter().filter(|event| seen.insert(event["Id"].to_string())) {
        let known = newest.entry(format!("{} {}", event["CustSpaceId"], event["GroupId"])).or_default();
        let sequence = event["Sequence"].as_i64().unwrap_or(*known); // our own events have none
        println!("{} {} {}", event["Id"], event["Type"], if sequence < *known { "late" } else { "in order" });
        *known = sequence.max(*known);
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let webhook = Data::new(Webhook::new(&env::var("WEBHOOK_SECRET")?)?);
    let (sender, received) = channel();
    let sender = Data::new(sender);
    thread::spawn(move || handle(received));
    let app = move || App::new().app_data(webhook.clone()).app_data(sender.clone()).default_service(post().to(receive));
    Ok(HttpServer::new(app).bind(("127.0.0.1", env::var("PORT")?.parse()?))?.run().await?)
}
