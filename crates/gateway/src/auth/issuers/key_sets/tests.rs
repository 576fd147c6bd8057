//! Key sets over time, with an issuer that is a list of answers.

use std::cell::{Cell, RefCell};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;

const URL: &str = "https://login.example/keys";
const LONG: Duration = Duration::from_mins(10);
const PAUSE: Duration = Duration::from_millis(60);
const PACE: Pace = Pace { pause: PAUSE, fresh: LONG, trusted: LONG, patience: Duration::from_secs(5) };

/// What stands at [`URL`]: the IDs of keys, or nothing while the issuer is away.
#[derive(Default)]
struct Served {
    ids: RefCell<Option<Vec<&'static str>>>,
    fetches: Cell<u32>,
}

impl Served {
    fn serve(&self, ids: Option<&[&'static str]>) {
        *self.ids.borrow_mut() = ids.map(<[_]>::to_vec);
    }

    async fn fetch(&self) -> Option<IssuerKeys> {
        tokio::task::yield_now().await;
        self.fetches.set(self.fetches.get() + 1);
        let ids = self.ids.borrow().clone()?;
        let x = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
        let key = |id| json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "x": x});
        let keys: Vec<_> = ids.into_iter().map(key).collect();
        IssuerKeys::read(json!({"keys": keys}).to_string().as_bytes()).ok()
    }
}

/// Runs `story` beside the loop.
async fn told(pace: Pace, story: impl AsyncFnOnce(&KeySets, &Served)) {
    let (sets, served) = (KeySets::new(pace), Served::default());
    tokio::select! {
        () = sets.watch(async |url: &str| { assert_eq!(url, URL); served.fetch().await }) => {}
        () = story(&sets, &served) => {}
    }
}

async fn knows(sets: &KeySets, id: &str) -> bool {
    sets.with_key(URL, id).await.is_some_and(|keys| keys.find(id).is_some())
}

async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let all = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), all).await.unwrap();
}

#[actix_web::test]
async fn a_set_is_fetched_when_it_is_first_needed_and_once_for_all_who_wait() {
    told(PACE, async |sets, served| {
        served.serve(Some(&["a"]));
        let waiting = (0..64).map(|_| knows(sets, "a"));
        assert!(futures_util::future::join_all(waiting).await.into_iter().all(|knows| knows));
        assert!(knows(sets, "a").await);
        assert_eq!(served.fetches.get(), 1);
    })
    .await;
}

#[actix_web::test]
async fn a_new_key_is_found_and_keys_that_nobody_has_cost_a_fetch_a_pause() {
    told(PACE, async |sets, served| {
        served.serve(Some(&["a"]));
        assert!(knows(sets, "a").await);
        served.serve(Some(&["b"]));
        until(async || knows(sets, "b").await).await;
        assert!(!knows(sets, "a").await, "a key that was taken back is gone");

        let (begun, before) = (Instant::now(), served.fetches.get());
        for nobody in 0..1000 {
            assert!(!knows(sets, &format!("nobody-{nobody}")).await);
        }
        let pauses = begun.elapsed().as_millis() / PAUSE.as_millis();
        assert!(u128::from(served.fetches.get() - before) <= pauses + 1, "{pauses} pauses");
    })
    .await;
}

#[actix_web::test]
async fn while_the_issuer_is_away_its_keys_are_good_for_a_bounded_time() {
    let pace = Pace { fresh: Duration::from_millis(20), trusted: Duration::from_secs(3), ..PACE };
    told(pace, async |sets, served| {
        served.serve(Some(&["a"]));
        assert!(knows(sets, "a").await);
        served.serve(None);
        let tried = served.fetches.get();
        until(async || served.fetches.get() > tried).await;
        assert!(sets.usable(URL).is_some(), "a try that failed takes nothing away");
        until(async || sets.usable(URL).is_none()).await;
        assert!(!knows(sets, "a").await);
        served.serve(Some(&["a"]));
        until(async || knows(sets, "a").await).await;
    })
    .await;
}

#[actix_web::test]
async fn a_set_is_fetched_again_before_anybody_asks_and_forgotten_with_its_issuer() {
    let pace = Pace { fresh: Duration::from_millis(20), ..PACE };
    told(pace, async |sets, served| {
        served.serve(Some(&["a"]));
        assert!(knows(sets, "a").await);
        served.serve(Some(&["b"]));
        until(async || sets.usable(URL).is_some_and(|keys| keys.find("b").is_some())).await;
        sets.keep(|url| url == URL);
        assert!(sets.usable(URL).is_some());
        sets.keep(|_| false);
        assert!(sets.usable(URL).is_none());
    })
    .await;
}
