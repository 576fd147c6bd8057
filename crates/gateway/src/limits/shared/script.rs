//! The script by which Redis counts, how it is asked, and what its answer means.

use std::sync::LazyLock;
use std::time::Duration;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use governor::Quota;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, RedisError, RedisResult, RedisWrite as _, ServerErrorKind};

use super::{Test, Verdict};
use crate::limits::Standing;

/// What all keys begin with.
const PREFIX: &str = "groupgate:";

/// The script that counts.
pub(super) static COUNT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("script.lua").to_owned()));

/// A script, and the name that Redis knows it by once it has seen it.
pub(super) struct Script {
    text: String,
    /// Of the text, by SHA-1, in hexadecimal digits: [EVALSHA](https://redis.io/docs/latest/commands/evalsha/).
    digest: String,
}

impl Script {
    /// The script of this text.
    pub(super) fn new(text: String) -> Self {
        let digest = hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()));
        Self { text, digest }
    }

    /// Asks for a call that is subject to `tests`. It takes one round trip; and a second one where Redis does not know the
    /// script, as after a restart.
    ///
    /// # Errors
    /// What Redis or the connection says, or that the answer is none of the script's.
    pub(super) async fn ask(&self, connection: &mut MultiplexedConnection, tests: &[Test<'_>]) -> RedisResult<Verdict> {
        let known = command("EVALSHA", &self.digest, tests).query_async(connection).await;
        let answer: Vec<i64> = match known {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                command("EVAL", &self.text, tests).query_async(connection).await?
            }
            answer => answer?,
        };
        read(&answer, tests)
            .ok_or_else(|| RedisError::from((ErrorKind::UnexpectedReturnType, "not the script's answer")))
    }
}

fn command(verb: &str, script: &str, tests: &[Test<'_>]) -> Cmd {
    let mut command = redis::cmd(verb);
    command.arg(script).arg(tests.len());
    for test in tests {
        command.write_arg_fmt(format_args!("{PREFIX}{}", test.key));
    }
    for test in tests {
        command.arg(interval(test.quota)).arg(burst(test.quota)).arg(test.spared());
    }
    command
}

fn read(answer: &[i64], tests: &[Test<'_>]) -> Option<Verdict> {
    let (&last, times) = answer.split_first()?;
    if last == 0 {
        let standings = tests.iter().zip(times).map(|(test, &ahead)| standing(test.quota, u64::try_from(ahead).ok()?));
        return (times.len() == tests.len()).then(|| standings.collect::<Option<_>>())?.map(Verdict::Taken);
    }
    let index = usize::try_from(last).ok()?.checked_sub(1).filter(|index| *index < tests.len())?;
    let wait = Duration::from_nanos(u64::try_from(*times.first()?).ok()?);
    Some(Verdict::Refused { index, wait })
}

/// What is left of a limit that is so many nanoseconds ahead of the clock.
fn standing(quota: Quota, ahead: u64) -> Option<Standing> {
    let interval = interval(quota);
    let room = (interval * burst(quota)).saturating_sub(ahead);
    Some(Standing { remaining: u32::try_from(room / interval).ok()?, full_in: Duration::from_nanos(ahead) })
}

/// Nanoseconds between two calls; at least one.
fn interval(quota: Quota) -> u64 {
    u64::try_from(quota.replenish_interval().as_nanos()).unwrap_or(u64::MAX).max(1)
}

/// How many calls get through at once.
fn burst(quota: Quota) -> u64 {
    u64::from(quota.burst_size().get())
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::limits::Limiter;

    fn quota(interval: Duration, burst: u32) -> Quota {
        Quota::with_period(interval).unwrap().allow_burst(NonZeroU32::new(burst).unwrap())
    }

    #[test]
    fn an_answer_that_is_none_of_the_script_is_no_verdict() {
        let quota = quota(Duration::from_secs(1), 5);
        let tests = [Test { key: "a", quota, spare: false }, Test { key: "b", quota, spare: false }];
        for answer in [&[] as &[i64], &[0], &[0, 1], &[0, 1, 2, 3], &[0, 1, -1], &[3, 1], &[-1, 1], &[1], &[1, -1]] {
            assert!(read(answer, &tests).is_none(), "{answer:?}");
        }
        assert!(matches!(read(&[2, 7], &tests), Some(Verdict::Refused { index: 1, .. })));
    }

    #[test]
    fn a_limit_of_centuries_is_counted_without_an_overflow() {
        let hourly = Limiter::new("1/h;burst=9999999".parse().unwrap()).unwrap().quota();
        let ahead = interval(hourly) * burst(hourly);
        assert_eq!(standing(hourly, ahead).unwrap().remaining, 0);
        assert!(i64::try_from(2 * ahead).is_ok());
    }
}
