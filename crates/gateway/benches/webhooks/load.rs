//! The load: webhooks that are due at their times, whether or not the ones before them were answered.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::rt;
use anyhow::{Context as _, anyhow, ensure};
use awc::Client;
use aws_lc_rs::hmac;

use super::dice::Dice;
use super::payloads::Payloads;
use super::schedule;

/// What the gateway knows webhooks by.
pub(super) const APP_SECRET: &str = "the app's secret in a measurement";

/// Meta would send again what takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long before the first webhook is due a slice begins.
pub(super) const LEAD: Duration = Duration::from_millis(50);

/// By which it is decided when webhooks are due: the same in each run.
const SEED: u64 = 1;

/// Sends webhooks to one gateway.
pub(super) struct Load {
    client: Client,
    key: hmac::Key,
    url: String,
    dice: Dice,
}

/// A body, and the signature over it.
struct Webhook {
    body: Vec<u8>,
    signature: String,
}

/// What is sent in a slice, and when each is due in it.
pub(super) struct Prepared {
    webhooks: Vec<Webhook>,
    moments: Vec<Duration>,
}

/// How much is sent in a slice.
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
        Self { client, key, url: format!("http://{address}/webhooks/graph"), dice: Dice(SEED) }
    }

    /// Makes and signs what is sent within `duration` at this rate, so that nothing of it is done while it is measured.
    pub(super) fn prepare(
        &mut self,
        payloads: &mut Payloads,
        rate: Rate,
        duration: Duration,
    ) -> anyhow::Result<Prepared> {
        let pause = Duration::from_secs(1) * rate.batch / rate.events;
        let count = u32::try_from(duration.as_nanos() / pause.as_nanos())?;
        let webhooks = (0..count).map(|_| self.signed(payloads.next(rate.batch, 0))).collect();
        Ok(Prepared { webhooks, moments: schedule::moments(&mut self.dice, count, duration)? })
    }

    /// Sends each at its time, and says how long each answer took from then.
    pub(super) async fn run(&self, Prepared { webhooks, moments }: Prepared) -> anyhow::Result<Vec<Duration>> {
        let count = webhooks.len();
        let answered = Rc::new(RefCell::new(Vec::with_capacity(count)));
        let mut paced = schedule::paced(Instant::now() + LEAD, moments);
        let mut sent = Vec::with_capacity(count);
        for webhook in webhooks {
            let due = paced.recv().await.context("a webhook that is never due")?;
            let (client, url, answered) = (self.client.clone(), self.url.clone(), answered.clone());
            sent.push(rt::spawn(async move {
                post(&client, &url, webhook).await?;
                answered.borrow_mut().push(due.elapsed());
                anyhow::Ok(())
            }));
        }
        for each in sent {
            each.await??;
        }
        let durations = answered.take();
        ensure!(durations.len() == count, "an answer is missing");
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
