//! The names of a form's parts, read while the form passes through
//! ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)): Graph takes parameters from there, too, and some are not passed
//! on. It is strict, since Meta may read leniently: what could be a part's head is one.

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
    is_in_head: bool,
}

impl Parts {
    /// A form with this `Content-Type`.
    ///
    /// # Errors
    /// [`FaceError::Unreadable`] where it names no boundary.
    pub(super) fn of(content_type: &str) -> Result<Self, FaceError> {
        let boundary = parameters(content_type, "boundary");
        match boundary.as_slice() {
            [boundary] if !boundary.is_empty() && boundary.len() <= 70 => {
                Ok(Self { delimiter: format!("\n--{boundary}").into_bytes(), rest: vec![b'\n'], is_in_head: false })
            }
            _ => {
                Err(FaceError::Unreadable("The Content-Type must name one boundary of 1 to 70 characters.".to_owned()))
            }
        }
    }

    /// Looks at the next piece.
    ///
    /// # Errors
    /// [`FaceError`] where a part may not be passed on.
    pub(super) fn look(&mut self, piece: &[u8]) -> Result<(), FaceError> {
        self.rest.extend_from_slice(piece);
        let seen = std::mem::take(&mut self.rest);
        let mut left = seen.as_slice();
        loop {
            let step = if self.is_in_head { pass_head(left)? } else { self.pass_content(left) };
            let Some(behind) = step else { break };
            left = behind;
            self.is_in_head = !self.is_in_head;
        }
        let kept = if self.is_in_head { left.len() } else { left.len().min(self.delimiter.len() - 1) };
        self.rest = left[left.len() - kept..].to_vec();
        Ok(())
    }

    /// What stands behind the next delimiter.
    fn pass_content<'a>(&self, left: &'a [u8]) -> Option<&'a [u8]> {
        let mut lines = left.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
        let at = lines.find(|at| left[*at..].starts_with(&self.delimiter))?;
        Some(&left[at + self.delimiter.len()..])
    }
}

/// What stands behind the head, from its last line's end on: the part may be empty.
fn pass_head(left: &[u8]) -> Result<Option<&[u8]>, FaceError> {
    if left.starts_with(b"--") {
        return Ok(None);
    }
    let ends = |at: &usize| left[*at..].starts_with(b"\n\r\n") || left[*at..].starts_with(b"\n\n");
    match (0..left.len()).find(ends) {
        Some(end) => {
            check_head(&String::from_utf8_lossy(&left[..end]))?;
            Ok(Some(&left[end + 1..]))
        }
        None if left.len() > LONGEST_HEAD => Err(FaceError::Unreadable("A part's head is too long.".to_owned())),
        None => Ok(None),
    }
}

fn check_head(head: &str) -> Result<(), FaceError> {
    let is_named_once = head.to_ascii_lowercase().matches("content-disposition").count() == 1;
    match parameters(head, "name").as_slice() {
        [name] if is_named_once => check_name(name),
        _ => Err(FaceError::Unreadable("Each part of the form must have one name.".to_owned())),
    }
}

/// The values of every parameter of this name, quoted or not.
fn parameters<'a>(text: &'a str, wanted: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    // A name in the extended form counts, too, and is a name of none.
    for part in text.split(';').skip(1) {
        let Some((name, value)) = part.split_once('=') else { continue };
        if name.trim().trim_end_matches('*').eq_ignore_ascii_case(wanted) {
            let value = value.split(['\r', '\n']).next().unwrap_or_default().trim();
            found.push(value.trim_matches('"'));
        }
    }
    found
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
