//! Entity tags and `If-Match` ([RFC 9110, 8.8.3 and 13.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1)): nobody
//! changes what somebody else has changed since.

use actix_web::http::header::{HeaderMap, HeaderValue, IF_MATCH};
use tenant_store::Revision;

use crate::admin::AdminError;

/// What the caller has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// This revision.
    Revision(Revision),
    /// It does not matter: `*`.
    Any,
}

impl Seen {
    /// The one revision that may be changed.
    pub(super) fn expected(self) -> Option<Revision> {
        match self {
            Self::Revision(revision) => Some(revision),
            Self::Any => None,
        }
    }
}

/// The entity tag of a revision.
pub(super) fn etag(revision: Revision) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{}\"", revision.0)).ok()
}

/// What the caller says that it has seen. A tag that is none of ours fits no resource, and a weak one never does.
///
/// # Errors
/// [`AdminError::NoPrecondition`] where it says nothing; [`AdminError::ForeignTag`] where it can fit nothing.
pub(super) fn seen(headers: &HeaderMap) -> Result<Seen, AdminError> {
    let mut sent = headers.get_all(IF_MATCH);
    let first = sent.next().ok_or(AdminError::NoPrecondition)?;
    let text = first.to_str().ok().filter(|_| sent.next().is_none()).ok_or(AdminError::ForeignTag)?.trim();
    if text == "*" {
        return Ok(Seen::Any);
    }
    let digits = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let revision = digits.and_then(|digits| digits.parse().ok()).ok_or(AdminError::ForeignTag)?;
    Ok(Seen::Revision(Revision(revision)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn a_tag_that_was_given_out_is_read_again() {
        let tag = etag(Revision(1742)).unwrap();
        assert_eq!(seen(&sent(tag.to_str().unwrap())).unwrap(), Seen::Revision(Revision(1742)));
        assert_eq!(seen(&sent("*")).unwrap(), Seen::Any);
    }

    #[test]
    fn what_is_no_tag_of_ours_fits_nothing_and_nothing_at_all_is_told_apart() {
        for wrong in ["1742", "W/\"1742\"", "\"x\"", "\"1\", \"2\"", ""] {
            assert!(matches!(seen(&sent(wrong)), Err(AdminError::ForeignTag)), "{wrong}");
        }
        assert!(matches!(seen(&HeaderMap::new()), Err(AdminError::NoPrecondition)));
    }
}
