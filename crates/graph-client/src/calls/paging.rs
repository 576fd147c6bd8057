//! Which page of a list comes next.

use serde::Deserialize;
use url::Url;

/// `paging` as Meta writes it.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Paging {
    cursors: Option<Cursors>,
    next: Option<String>,
    previous: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Cursors {
    after: Option<String>,
    before: Option<String>,
}

/// Where a page begins and ends.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

impl Paging {
    /// The cursor of the next page. The last page has cursors too, and is told by the absence of `next`
    /// ([Meta: paginated results](https://developers.facebook.com/docs/graph-api/results)).
    pub(super) fn after(self) -> Option<String> {
        let next = self.next?;
        self.cursors.and_then(|cursors| cursors.after).or_else(|| in_link(&next, "after"))
    }

    /// Both cursors as Meta gave them, whether or not a page lies behind: some of its lists are documented with cursors
    /// and without links.
    pub(super) fn ends(self) -> Ends {
        let Cursors { after, before } = self.cursors.unwrap_or_default();
        Ends {
            after: after.or_else(|| in_link(&self.next?, "after")),
            before: before.or_else(|| in_link(&self.previous?, "before")),
        }
    }
}

fn in_link(link: &str, parameter: &str) -> Option<String> {
    let link = Url::parse(link).ok()?;
    link.query_pairs().find(|(name, _)| name == parameter).map(|(_, value)| value.into_owned())
}
