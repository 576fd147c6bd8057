//! The headers of answers that anything here reads, whoever received them.

use awc::http::header::HeaderMap;

/// A header of an answer that anything here reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    ContentType,
    ContentDisposition,
    RetryAfter,
    AppUsage,
    BusinessUsage,
    ApiVersion,
    RequestId,
    TraceId,
    Revision,
    Location,
}

impl Header {
    /// How many there are.
    pub(crate) const COUNT: usize = 10;

    /// All of them, each at the place of its number.
    pub(crate) const ALL: [Self; Self::COUNT] = [
        Self::ContentType,
        Self::ContentDisposition,
        Self::RetryAfter,
        Self::AppUsage,
        Self::BusinessUsage,
        Self::ApiVersion,
        Self::RequestId,
        Self::TraceId,
        Self::Revision,
        Self::Location,
    ];

    /// Its name, in small letters.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ContentType => "content-type",
            Self::ContentDisposition => "content-disposition",
            Self::RetryAfter => "retry-after",
            Self::AppUsage => "x-app-usage",
            Self::BusinessUsage => "x-business-use-case-usage",
            Self::ApiVersion => "facebook-api-version",
            Self::RequestId => "x-fb-request-id",
            Self::TraceId => "x-fb-trace-id",
            Self::Revision => "x-fb-rev",
            Self::Location => "location",
        }
    }

    /// The one of this name, in letters of any size.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|header| header.name().eq_ignore_ascii_case(name))
    }
}

/// The headers of an answer.
pub(crate) trait Headers {
    /// The header's value; the first one where it stands there more than once.
    fn value(&self, header: Header) -> Option<&[u8]>;
}

impl Headers for HeaderMap {
    fn value(&self, header: Header) -> Option<&[u8]> {
        Some(self.get(header.name())?.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_header_is_found_by_its_name_and_stands_at_its_number() {
        for (place, header) in Header::ALL.into_iter().enumerate() {
            assert_eq!(Header::named(&header.name().to_uppercase()), Some(header));
            assert_eq!(header as usize, place);
        }
        assert_eq!(Header::named("set-cookie"), None);
    }
}
