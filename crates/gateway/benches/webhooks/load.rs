//! The load: webhooks that are due at their times, whether or not the ones before them were answered.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use actix_web::rt;
use anyhow::{Context as _, anyhow, ensure};
use awc::Client;
use aws_lc_rs::hmac;
use tokio::time::{Instant, sleep_until};

use super::payloads::Payloads;

/// What the gateway knows webhooks by.
pub(super) const APP_SECRET: &str = "the app's secret in a measurement";

/// Meta would send again what takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How late a timer is by itself. Where the load is later than that, its lateness counts.
const TICK: Duration = Duration::from_millis(2);

/// How long before the first webhook is due a slice begins.
pub(super) const LEAD: Duration = Duration::from_millis(50);

/// Sends webhooks to one gateway.
pub(super) struct Load {
    client: Client,
    key: hmac::Key,
    url: String,
}

/// A body, and the signature over it.
struct Webhook {
    body: Vec<u8>,
    signature: String,
}

/// What is sent in a slice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    /// Events a second.
    pub(super) events: u32,
    /// Events in each webhook.
    pub(super) batch: u32,
}

impl Load {
    /// Webhooks go to this gateway, signed.
    pub(super) fn on(address: SocketAddr) -> Self {
        let connector = awc::Connector::new().limit(256);
        let client = Client::builder().connector(connector).timeout(PATIENCE).finish();
        let key = hmac::Key::new(hmac::HMAC_SHA256, APP_SECRET.as_bytes());
        Self { client, key, url: format!("http://{address}/webhooks/graph") }
    }

    /// Sends for `duration` at a steady rate, and says how long each answer took from the time when its webhook was due.
    pub(super) async fn run(
        &self,
        payloads: &mut Payloads,
        rate: Rate,
        duration: Duration,
    ) -> anyhow::Result<Vec<Duration>> {
        let pause = Duration::from_secs(1) * rate.batch / rate.events;
        let count = u32::try_from(duration.as_nanos() / pause.as_nanos())?;
        let answered = Rc::new(RefCell::new(Vec::with_capacity(count as usize)));
        let begun = Instant::now() + LEAD;
        let mut sent = Vec::with_capacity(count as usize);
        for index in 0..count {
            let (webhook, due) = (self.signed(payloads.next(rate.batch, 0)), begun + pause * index);
            sleep_until(due).await;
            let counted_from = if due.elapsed() < TICK { Instant::now() } else { due };
            let (client, url, answered) = (self.client.clone(), self.url.clone(), answered.clone());
            sent.push(rt::spawn(async move {
                post(&client, &url, webhook).await?;
                answered.borrow_mut().push(counted_from.elapsed());
                anyhow::Ok(())
            }));
        }
        for each in sent {
            each.await??;
        }
        let durations = answered.take();
        ensure!(durations.len() == count as usize, "an answer is missing");
        Ok(durations)
    }

    /// Sends one webhook, and says how long its answer took.
    pub(super) async fn send(&self, body: Vec<u8>) -> anyhow::Result<Duration> {
        let webhook = self.signed(body);
        let begun = Instant::now();
        post(&self.client, &self.url, webhook).await?;
        Ok(begun.elapsed())
    }

    fn signed(&self, body: Vec<u8>) -> Webhook {
        let signature = format!("sha256={}", hex::encode(hmac::sign(&self.key, &body)));
        Webhook { body, signature }
    }
}

async fn post(client: &Client, url: &str, Webhook { body, signature }: Webhook) -> anyhow::Result<()> {
    let request = client.post(url).insert_header(("x-hub-signature-256", signature));
    let sent = request.insert_header(("content-type", "application/json")).send_body(body).await;
    let mut answer = sent.map_err(|error| anyhow!("a webhook was not answered: {error}"))?;
    let text = answer.body().await.context("an answer without an end")?;
    ensure!(answer.status() == 200, "answered {}: {}", answer.status(), String::from_utf8_lossy(&text));
    Ok(())
}
