//! Carries out what is planned, and looks whether replicas end by themselves meanwhile.

use std::cell::RefCell;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use actix_web::rt::time::sleep_until;
use nix::sys::signal::Signal;
use serde_json::json;

use super::growth::Growth;
use super::plan::{MetaFault, Planned, ServerFault, lives_on};
use crate::support::Redis;
use crate::world::{Meta, Postgres, Replica};

/// How often replicas are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What ends and comes back.
pub(super) struct Servers<'a> {
    pub(super) replicas: &'a mut [Replica],
    pub(super) postgres: &'a mut Postgres,
    pub(super) redis: &'a mut Redis,
    pub(super) growth: &'a RefCell<Growth>,
    /// What should never have happened.
    pub(super) wrong: Vec<String>,
}

impl Servers<'_> {
    /// Carries out all of it; returns when the soak is over. On a machine that is late a replica that was to end when it is to
    /// live on does not end.
    pub(super) async fn carry_out(&mut self, plan: &[Planned<ServerFault>], begun: Instant, length: Duration) {
        for one in plan {
            self.wait_until(begun + one.at).await;
            if one.fault.ends_a_replica() && begun.elapsed() > lives_on(length) {
                continue;
            }
            self.begin(one.fault).await;
            self.wait_until(begun + one.at + one.lasts).await;
            self.end(one.fault).await;
        }
        self.wait_until(begun + length).await;
    }

    async fn begin(&mut self, fault: ServerFault) {
        match fault {
            ServerFault::Kill(place) => {
                self.stop(place, Signal::SIGKILL).await;
            }
            ServerFault::Stop(place) => {
                let status = self.stop(place, Signal::SIGTERM).await;
                if !status.is_none_or(|status| status.success()) {
                    self.wrong.push(format!("told to stop, replica {place} ended with {status:?}"));
                }
            }
            ServerFault::PostgresAway => self.postgres.stop().await,
            ServerFault::PostgresCut => self.postgres.proxy.cut(),
            ServerFault::RedisKilled => self.redis.kill(),
            ServerFault::RedisHangs => self.redis.hang(),
        }
    }

    /// How it ended; `None` where it had ended by itself.
    async fn stop(&mut self, place: usize, signal: Signal) -> Option<ExitStatus> {
        self.look();
        self.growth.borrow_mut().end(place);
        let replica = &mut self.replicas[place];
        if !replica.lives() {
            return None;
        }
        replica.signal(signal);
        Some(replica.ended().await)
    }

    async fn end(&mut self, fault: ServerFault) {
        match fault {
            ServerFault::Kill(place) | ServerFault::Stop(place) => {
                self.replicas[place].start();
                self.replicas[place].ready().await;
                self.growth.borrow_mut().begin(place, self.replicas[place].id());
            }
            ServerFault::PostgresAway => self.postgres.start().await,
            ServerFault::PostgresCut => self.postgres.proxy.restore(),
            ServerFault::RedisKilled => self.redis.restart(),
            ServerFault::RedisHangs => self.redis.go_on(),
        }
    }

    async fn wait_until(&mut self, moment: Instant) {
        while Instant::now() < moment {
            self.look();
            sleep_until(moment.min(Instant::now() + LOOK_EVERY).into()).await;
        }
    }

    fn look(&mut self) {
        self.wrong.extend(ended_by_themselves(self.replicas));
    }
}

/// Replicas that nobody has ended; each is told once.
pub(super) fn ended_by_themselves(replicas: &mut [Replica]) -> Vec<String> {
    let ended =
        replicas.iter_mut().enumerate().filter_map(|(place, replica)| Some((place, replica.ended_by_itself()?)));
    ended.map(|(place, status)| format!("replica {place} has ended by itself: {status}")).collect()
}

/// Carries out what becomes of calls to Meta and of its webhooks, which go to `webhooks`.
pub(super) async fn carry_out_at_meta(meta: &Meta, plan: &[Planned<MetaFault>], begun: Instant) {
    for one in plan {
        sleep_until((begun + one.at).into()).await;
        begin_at_meta(meta, one.fault).await;
        sleep_until((begun + one.at + one.lasts).into()).await;
        meta.proxy.restore();
        meta.control.webhooks(json!({"mode": "normal"})).await;
        meta.control.release().await;
    }
}

async fn begin_at_meta(meta: &Meta, fault: MetaFault) {
    let fail = async |fault| meta.control.fail(fault).await;
    match fault {
        MetaFault::Away => meta.proxy.cut(),
        MetaFault::Reset => meta.proxy.reset(),
        MetaFault::Slow(ms) => meta.proxy.delay(Duration::from_millis(ms)),
        MetaFault::Delayed(count, ms) => fail(json!({"count": count, "delay_ms": ms})).await,
        MetaFault::Refused(count, code) => fail(json!({"count": count, "code": code})).await,
        MetaFault::DroppedBefore(count) => fail(json!({"count": count, "close": "before"})).await,
        MetaFault::AnswerLost(count) => fail(json!({"method": "POST", "count": count, "close": "after"})).await,
        MetaFault::Webhooks(mode) => meta.control.webhooks(json!({ "mode": mode })).await,
    }
}
