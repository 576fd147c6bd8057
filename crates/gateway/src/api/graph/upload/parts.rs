//! The names of a form's parts, read while the form passes through
//! ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)): Graph takes parameters from there, too, and some are not passed
//! on. It is strict, since Meta may read leniently: what could be a part's head is one.

use super::header::{boundary, part_name};
use crate::api::graph::errors::FaceError;
use crate::api::graph::query::check_name;

/// The longest head of a part.
const LONGEST_HEAD: usize = 8 * 1024;

/// A form, as far as it has passed.
pub(super) struct Parts {
    /// What stands between parts, with the end of the line before it.
    delimiter: Vec<u8>,
    /// What may be the beginning of something that the next piece ends.
    rest: Vec<u8>,
    place: Place,
}

/// Where in a form a byte stands.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// In a part's content, or before the first part.
    Content,
    /// Behind a delimiter, up to the empty line.
    Head,
    /// Behind the last delimiter.
    End,
}

impl Parts {
    /// A form with this `Content-Type`.
    ///
    /// # Errors
    /// [`FaceError::Unreadable`] where it names no boundary.
    pub(super) fn of(content_type: &str) -> Result<Self, FaceError> {
        let unreadable = "The Content-Type must name one boundary: 1 to 70 letters, digits and '()+_./:=?-.";
        let boundary = boundary(content_type).ok_or_else(|| FaceError::Unreadable(unreadable.to_owned()))?;
        let delimiter = format!("\n--{boundary}").into_bytes();
        Ok(Self { delimiter, rest: vec![b'\n'], place: Place::Content })
    }

    /// Looks at the next piece.
    ///
    /// # Errors
    /// [`FaceError`] where a part may not be passed on.
    pub(super) fn look(&mut self, piece: &[u8]) -> Result<(), FaceError> {
        self.rest.extend_from_slice(piece);
        let seen = std::mem::take(&mut self.rest);
        let mut left = seen.as_slice();
        while let Some((place, behind)) = self.pass(left)? {
            self.place = place;
            left = behind;
        }
        let kept = match self.place {
            Place::Content => left.len().min(self.delimiter.len() - 1),
            Place::Head => left.len(),
            Place::End => 0,
        };
        self.rest = left[left.len() - kept..].to_vec();
        Ok(())
    }

    /// The next place, and what stands from there on; `None` where it does not begin in `left`.
    fn pass<'a>(&self, left: &'a [u8]) -> Result<Option<(Place, &'a [u8])>, FaceError> {
        match self.place {
            Place::Content => Ok(self.pass_content(left).map(|behind| (Place::Head, behind))),
            Place::Head => pass_head(left),
            Place::End => check_end(left).map(|()| None),
        }
    }

    /// What stands behind the next delimiter.
    fn pass_content<'a>(&self, left: &'a [u8]) -> Option<&'a [u8]> {
        let mut lines = left.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
        let at = lines.find(|at| left[*at..].starts_with(&self.delimiter))?;
        Some(&left[at + self.delimiter.len()..])
    }
}

/// What stands behind the head, from its last line's end on: the part may be empty.
fn pass_head(left: &[u8]) -> Result<Option<(Place, &[u8])>, FaceError> {
    if let Some(behind) = left.strip_prefix(b"--") {
        return Ok(Some((Place::End, behind)));
    }
    // A reader who wants the delimiter alone on its line takes the next such line for it.
    if !["\r\n", "\n", "--"].iter().any(|end| left.starts_with(end.as_bytes()) || end.as_bytes().starts_with(left)) {
        return Err(FaceError::Unreadable("A part's delimiter must stand alone on its line.".to_owned()));
    }
    let ends = |at: &usize| left[*at..].starts_with(b"\n\r\n") || left[*at..].starts_with(b"\n\n");
    match (0..left.len()).find(ends) {
        Some(end) => {
            check_head(&String::from_utf8_lossy(&left[..end]))?;
            Ok(Some((Place::Content, &left[end + 1..])))
        }
        None if left.len() > LONGEST_HEAD => Err(FaceError::Unreadable("A part's head is too long.".to_owned())),
        None => Ok(None),
    }
}

/// A lenient reader would go on to the next delimiter.
fn check_end(left: &[u8]) -> Result<(), FaceError> {
    if left.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    Err(FaceError::Unreadable("Nothing may stand behind the form's last delimiter.".to_owned()))
}

fn check_head(head: &str) -> Result<(), FaceError> {
    let unreadable = "Each part of the form must have one Content-Disposition with one name, as RFC 7578 has it.";
    check_name(&part_name(head).ok_or_else(|| FaceError::Unreadable(unreadable.to_owned()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n\
                        --b\r\ncontent-type: text/plain\r\nContent-Disposition: form-data; filename=\"a\"; name=file\r\n\r\n\
                        --c\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\nx\r\n--b--\r\n";

    /// What is said of a form that comes in pieces of this size.
    fn looked(form: &str, size: usize) -> Result<(), String> {
        let mut parts = Parts::of("multipart/form-data; boundary=\"b\"").unwrap();
        form.as_bytes().chunks(size).try_for_each(|piece| parts.look(piece)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_form_passes_however_it_is_cut_and_what_stands_in_a_file_is_no_part() {
        for size in 1..FORM.len() {
            assert_eq!(looked(FORM, size), Ok(()), "{size}");
        }
    }

    #[test]
    fn a_part_that_says_who_calls_or_what_else_is_meant_is_found_wherever_it_stands() {
        for name in ["access_token", "Access_Token", "appsecret_proof", "method", "batch", "a[0]"] {
            let heads = [
                format!("Content-Disposition: form-data; name=\"{name}\"\r\n"),
                format!("Content-Disposition: form-data;\r\n name={name}\r\n"),
                format!("content-disposition:form-data; NAME = \"{name}\"\n"),
                format!("Content-Disposition: form-data; name=\"file\"; name=\"{name}\"\r\n"),
                format!("Content-Disposition: form-data; name=\"file\"; name*=UTF-8''{name}\r\n"),
            ];
            for head in heads {
                let form = FORM.replace(
                    "--c\r\nContent-Disposition: form-data; name=\"access_token\"\r\n",
                    &format!("\r\n--b\r\n{head}"),
                );
                for size in [1, 7, form.len()] {
                    assert!(looked(&form, size).is_err(), "{head} {size}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_kept_of_what_stands_behind_the_end_and_only_white_space_may() {
        for (behind, passes) in [("\r\n\r\n \t", true), ("x", false), ("\r\n--b\r\nContent-Disposition", false)] {
            for size in [1, 7, 1000] {
                assert_eq!(looked(&format!("{FORM}{behind}"), size).is_ok(), passes, "{behind:?} {size}");
            }
        }
        let mut parts = Parts::of("multipart/form-data; boundary=b").unwrap();
        parts.look(FORM.as_bytes()).unwrap();
        parts.look(&[b'\n'; 10_000]).unwrap();
        assert!(parts.rest.is_empty());
    }

    #[test]
    fn a_delimiter_stands_alone_on_its_line() {
        for behind in ["x", "-x", " ", "\rx"] {
            let form = FORM.replace("--b\r\ncontent-type", &format!("--b{behind}\r\ncontent-type"));
            assert!(looked(&form, 5).is_err(), "{behind:?}");
        }
    }

    #[test]
    fn a_part_without_a_name_and_a_form_without_a_boundary_are_none() {
        assert!(looked("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n", 9).is_err());
        assert!(looked(&format!("--b\r\nX: {}", "x".repeat(9000)), 1000).is_err());
        for content_type in
            ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=a; boundary=b"]
        {
            assert!(Parts::of(content_type).is_err(), "{content_type}");
        }
    }
}
