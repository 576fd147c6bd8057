//! A browser without script: it keeps the console's cookie, and sends forms as their page has them.

use super::{Answered, Client, Credentials, Form, TestApp};

/// Somebody at the console.
pub(crate) struct Browser {
    client: Client,
    /// `name=value`, as it was set last.
    pub(crate) cookie: Option<String>,
}

impl TestApp {
    /// A browser that has not signed in.
    pub(crate) fn browser(&self) -> Browser {
        Browser { client: self.client.clone(), cookie: None }
    }
}

impl Browser {
    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.client.send("GET", path, &self.headers(&[]), Vec::new()).await
    }

    /// Sends a form with exactly these fields, as a page of the console would.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answered {
        self.post_from("same-origin", path, fields).await
    }

    /// The same from a page of this kind of site, in the words of `Sec-Fetch-Site`.
    pub(crate) async fn post_from(&mut self, site: &str, path: &str, fields: &[(&str, &str)]) -> Answered {
        let form = serde_urlencoded::to_string(fields).unwrap();
        let more = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", site)];
        let answered = self.client.send("POST", path, &self.headers(&more), form.into_bytes()).await;
        if let Some(set) = answered.header("set-cookie") {
            let pair = set.split(';').next().unwrap();
            self.cookie = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        answered
    }

    pub(crate) async fn sign_in(&mut self, key: &Credentials) -> Answered {
        self.post("/console/sign-in", &[("access_key_id", &key.id), ("access_key_secret", &key.secret)]).await
    }

    /// Sends a form of a page.
    pub(crate) async fn send(&mut self, form: &Form) -> Answered {
        self.post(&form.action, &form.pairs()).await
    }

    /// The page that a form which has done something leads to.
    #[track_caller]
    pub(crate) fn follow(&self, done: &Answered) -> impl Future<Output = Answered> {
        assert_eq!(done.status, 303, "{}", done.text);
        self.get(done.header("location").unwrap())
    }

    /// What the forms of the page at `path` carry.
    pub(crate) async fn form_token(&self, path: &str) -> String {
        let page = self.get(path).await.text;
        let (_, rest) = page.split_once("name=\"form_token\" value=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    }

    fn headers<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        self.cookie.iter().map(|cookie| ("cookie", cookie.as_str())).chain(more.iter().copied()).collect()
    }
}
