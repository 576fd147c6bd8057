//! Pages of lists, by cursors.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use url::form_urlencoded::Serializer;

use super::Asked;
use super::errors::{Code, GraphError, GraphResult};
use super::params::Params;

const DEFAULT_LIMIT: i64 = 25;
const MAX_LIMIT: i64 = 1024;

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageRequest {
    pub(crate) limit: usize,
    after: Option<u64>,
    before: Option<u64>,
}

/// One page, and whether there is more on either side.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<(u64, T)>,
    has_previous: bool,
    has_next: bool,
}

impl PageRequest {
    /// Reads `limit`, `after` and `before`. A cursor that is none, or of another
    /// list, is code 131059.
    pub(crate) fn read(params: &Params, list: &str) -> GraphResult<Self> {
        let limit = params.number("limit")?.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            let message = format!("Param limit must be from 1 to {MAX_LIMIT} - got {limit}.");
            return Err(GraphError::parameter(&message));
        }
        let cursor = |name| -> GraphResult<Option<u64>> {
            let given = params.text(name)?.filter(|text| !text.is_empty());
            given.map(|text| decode(text, list)).transpose()
        };
        Ok(Self {
            limit: usize::try_from(limit).unwrap_or_default(),
            after: cursor("after")?,
            before: cursor("before")?,
        })
    }

    /// The page out of a list that is sorted by the key of its items.
    pub(crate) fn cut<T>(self, list: impl DoubleEndedIterator<Item = (u64, T)>) -> Page<T> {
        let in_span = |(key, _): &(u64, T)| {
            self.after.is_none_or(|after| *key > after) && self.before.is_none_or(|before| *key < before)
        };
        let mut span = list.filter(in_span);
        // `before` alone asks for the page that ends just there.
        let backwards = self.before.is_some() && self.after.is_none();
        let mut items: Vec<(u64, T)> = Vec::new();
        while items.len() < self.limit {
            let next = if backwards { span.next_back() } else { span.next() };
            let Some(item) = next else { break };
            items.push(item);
        }
        let has_more = span.next().is_some();
        if backwards {
            items.reverse();
        }
        Page {
            items,
            has_previous: if backwards { has_more } else { self.after.is_some() },
            has_next: if backwards { true } else { has_more || self.before.is_some() },
        }
    }
}

impl<T> Page<T> {
    /// The answer's `paging`: cursors, and links to the pages beside this one.
    pub(crate) fn paging(&self, list: &str, limit: usize, asked: &Asked<'_>) -> Value {
        let (Some((head, _)), Some((tail, _))) = (self.items.first(), self.items.last()) else {
            return Value::Object(Map::new());
        };
        let (before, after) = (encode(*head, list), encode(*tail, list));
        let mut paging = json!({ "cursors": { "before": before, "after": after } });
        if self.has_previous {
            paging["previous"] = link(asked, limit, "before", &before).into();
        }
        if self.has_next {
            paging["next"] = link(asked, limit, "after", &after).into();
        }
        paging
    }
}

/// The whole URL of another page. Graph puts the access token into it when the
/// call had it in its query, and so does this one.
fn link(asked: &Asked<'_>, limit: usize, side: &str, cursor: &str) -> String {
    let mut query = Serializer::new(String::new());
    if let Some(token) = asked.params().get("access_token").and_then(Value::as_str) {
        query.append_pair("access_token", token);
    }
    query.append_pair("limit", &limit.to_string());
    query.append_pair(side, cursor);
    format!("{}?{}", asked.call.url, query.finish())
}

fn encode(key: u64, list: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list}:{key}"))
}

fn decode(cursor: &str, list: &str) -> GraphResult<u64> {
    let read = || {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (of, key) = plain.rsplit_once(':')?;
        (of == list).then_some(key)?.parse().ok()
    };
    read().ok_or_else(|| GraphError::new(Code::CURSOR))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(after: Option<u64>, before: Option<u64>) -> (Vec<u64>, bool, bool) {
        let request = PageRequest { limit: 2, after, before };
        let page = request.cut((1..=5).map(|key| (key, ())));
        let keys = page.items.iter().map(|(key, ())| *key).collect();
        (keys, page.has_previous, page.has_next)
    }

    #[test]
    fn pages_lead_through_the_list_in_both_directions() {
        assert_eq!(page(None, None), (vec![1, 2], false, true));
        assert_eq!(page(Some(2), None), (vec![3, 4], true, true));
        assert_eq!(page(Some(4), None), (vec![5], true, false));
        assert_eq!(page(None, Some(5)), (vec![3, 4], true, true));
        assert_eq!(page(None, Some(3)), (vec![1, 2], false, true));
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        assert_eq!(decode(&encode(7, "groups:1"), "groups:1"), Ok(7));
        let error = decode(&encode(7, "groups:1"), "groups:2").unwrap_err();
        assert_eq!(error.code, Code::CURSOR);
    }
}
