//! The two headers that say how a form is read: its boundary, and a part's name. Where readers differ (PHP's splits at
//! other quotes than [RFC 7578](https://www.rfc-editor.org/rfc/rfc7578) does), nothing is found, and the form is refused.

/// The one boundary that a `Content-Type` names: of
/// [RFC 2046](https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1)'s characters all but the comma and the space.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let mut found = None;
    for parameter in content_type.split(';').skip(1) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if name.trim().eq_ignore_ascii_case("boundary") {
            if found.replace(unquoted(value)?).is_some() {
                return None;
            }
        } else if parameter.contains('"') || parameter.to_ascii_lowercase().contains("boundary") {
            return None;
        }
    }
    let is_meant = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_./:=?-".contains(&byte);
    found.filter(|found| (1..=70).contains(&found.len()) && found.bytes().all(is_meant))
}

/// The one name in a part's head.
pub(super) fn part_name(head: &str) -> Option<String> {
    let mut dispositions = unfolded(head)?.into_iter().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then(|| value.to_owned())
    });
    let (disposition, None) = (dispositions.next()?, dispositions.next()) else { return None };
    let parameters = segments(&disposition)?;
    let (kind, parameters) = parameters.split_first()?;
    // A name in the extended form counts, too, and is a name of none.
    let pairs = parameters.iter().filter_map(|parameter| parameter.split_once('='));
    let mut names = pairs.filter(|(name, _)| name.trim().trim_end_matches('*').eq_ignore_ascii_case("name"));
    let ((_, value), None) = (names.next()?, names.next()) else { return None };
    kind.trim().eq_ignore_ascii_case("form-data").then(|| unquoted(value.trim()).map(str::to_owned))?
}

/// The lines of a head, each with those that go on with it; `None` where one is no header.
fn unfolded(head: &str) -> Option<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    for line in head.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).filter(|line| !line.is_empty()) {
        if line.chars().any(|sign| sign.is_control() && sign != '\t') {
            return None;
        }
        if line.starts_with([' ', '\t']) {
            lines.last_mut()?.push_str(line);
        } else if line.contains(':') {
            lines.push(line.to_owned());
        } else {
            return None;
        }
    }
    Some(lines)
}

/// A header's value, cut at each semicolon outside quotes; `None` where it can be cut in more than one way.
fn segments(value: &str) -> Option<Vec<&str>> {
    let mut cut = Vec::new();
    let mut rest = value;
    while let Some(length) = first_segment(rest) {
        let (segment, behind) = rest.split_at(length);
        if !is_read_in_one_way(segment) {
            return None;
        }
        cut.push(segment);
        let Some(behind) = behind.strip_prefix(';') else { return Some(cut) };
        rest = behind;
    }
    None
}

/// How long the segment is that the text begins with; `None` where its quote is not closed.
fn first_segment(text: &str) -> Option<usize> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !is_escaped => is_quoted = !is_quoted,
            b';' if !is_quoted => return Some(at),
            _ => {}
        }
        is_escaped = is_quoted && !is_escaped && byte == b'\\';
    }
    (!is_quoted).then_some(text.len())
}

/// A quoted string is all of its parameter's value. One that has both an escape and a semicolon, an escaped backslash,
/// or a single quote outside it (but for the two of RFC 5987) ends elsewhere for another reader.
fn is_read_in_one_way(segment: &str) -> bool {
    let value = segment.split_once('=').map_or("", |(_, value)| value.trim());
    let name = segment.split('=').next().unwrap_or_default();
    match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
        Some(inside) => {
            let is_cut = inside.contains("\\\"") && inside.contains(';');
            let is_closed_early = inside.replace("\\\"", "").contains('"');
            !name.contains(['"', '\'']) && !is_cut && !is_closed_early && !inside.contains("\\\\")
        }
        None => !segment.contains('"') && !segment.replacen("''", "", 1).contains('\''),
    }
}

/// A value without the quotes around it; `None` where a quote stands elsewhere.
fn unquoted(value: &str) -> Option<&str> {
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    (!bare.contains('"')).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_that_readers_agree_on_is_found() {
        for (sent, found) in [
            ("boundary=limit", "limit"),
            ("boundary=\"a b\"; charset=utf-8", ""),
            ("charset=utf-8; Boundary=\"----WebKitFormBoundaryAb0\"", "----WebKitFormBoundaryAb0"),
            ("boundary='()+_./:=?-", "'()+_./:=?-"),
            ("boundary=\"a\"b\"", ""),
            ("boundary=\"a\\\"b\"", ""),
            ("boundary=\"a", ""),
            ("boundary=a,b", ""),
            ("boundary=a; boundary=a", ""),
            ("xboundary=a; boundary=b", ""),
            ("x=\"; boundary=a\"; boundary=b", ""),
        ] {
            let content_type = format!("multipart/form-data; {sent}");
            assert_eq!(boundary(&content_type).unwrap_or_default(), found, "{sent}");
        }
    }

    #[test]
    fn a_files_name_may_hold_what_a_header_is_made_of() {
        for file in [
            "filename=\"a; name=b.jpg\"",
            "filename=\"it's.jpg\"",
            "filename=\"C:\\a.jpg\"",
            "filename=\"say \\\"a\\\".jpg\"",
            "filename*=UTF-8''a%3B.jpg",
            "filename=a.jpg",
            "filename=\"content-disposition.jpg\"",
        ] {
            for head in [format!("form-data; name=\"file\"; {file}"), format!("form-data; {file}; name=file")] {
                let head = format!("\r\nContent-Type: image/jpeg\r\nContent-Disposition: {head}\r");
                assert_eq!(part_name(&head).as_deref(), Some("file"), "{head}");
            }
        }
    }

    #[test]
    fn a_head_that_another_reader_finds_another_name_in_has_none() {
        for head in [
            "Content-Disposition: form-data; filename='a; name=b'; name=file",
            "Content-Disposition: form-data; filename='\" '; name=method; x=\" '; name=file",
            "Content-Disposition: form-data; filename=\"a\\\"; name=method; x=\"; name=file",
            "Content-Disposition: form-data; filename=\"a\\\\\"; name=file; x=\"; name=method\"",
            "Content-Disposition: form-data; filename=a\"; name=method; x=\"; name=file",
            "Content-Disposition: form-data; filename=\"a\"\"b\"; name=file",
            "Content-Disposition: form-data; name=file; filename=\"a",
            "Content-Disposition: name=method; name=file",
            "Content-Disposition: form-data; name=method\0; name=file",
            "Content-Disposition: form-data; name=file\r\n; name=method",
            "Content-Disposition: form-data; name=file\r\nContent-Disposition: form-data; name=file",
            "Content-Disposition: form-data\r\nX: y; name=file",
        ] {
            assert_eq!(part_name(head), None, "{head}");
        }
    }
}
