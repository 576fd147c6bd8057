//! Files that hold one secret: read with a bound, into memory that is wiped, and looked at for who else may read them.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use zeroize::Zeroizing;

/// In bytes; far more than any secret has, and than several of them in one file.
const LONGEST: usize = 64 * 1024;

/// Where container engines mount secrets, with a mode of their own, in a container that has one user.
const MOUNTED: &str = "/run/secrets";

/// The file's text, as it stands there.
///
/// # Errors
/// Where it cannot be read, is longer than 64 KiB, or is no UTF-8.
pub(crate) fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    // Room for all of it: a buffer that grows leaves a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    File::open(path)?.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is longer than 64 KiB, which no secret is"));
    }
    let not_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is no UTF-8 text");
    str::from_utf8(&bytes).map(|text| Zeroizing::new(text.to_owned())).map_err(not_text)
}

/// The file's permission bits, where other users of the machine can read or write it: they reach it, and its mode lets them.
pub(super) fn mode_open_to_others(path: &Path) -> Option<u32> {
    let path = path.canonicalize().ok().filter(|path| !path.starts_with(MOUNTED))?;
    let mode = |path: &Path| Some(fs::metadata(path).ok()?.permissions().mode() & 0o777);
    let is_reached = path.ancestors().skip(1).all(|directory| mode(directory).is_some_and(|mode| mode & 0o001 != 0));
    mode(&path).filter(|mode| is_reached && mode & 0o006 != 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_is_read_up_to_a_bound_and_as_text_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        fs::write(&path, "s".repeat(LONGEST)).unwrap();
        assert_eq!(read(&path).unwrap().len(), LONGEST);
        fs::write(&path, "s".repeat(LONGEST + 1)).unwrap();
        assert_eq!(read(&path).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        fs::write(&path, [0xff]).unwrap();
        assert_eq!(read(&path).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_file_is_open_to_others_where_its_mode_and_all_directories_above_let_them() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        fs::write(&path, "s").unwrap();
        set_mode(directory.path(), 0o755);
        for (mode, open) in [(0o600, None), (0o640, None), (0o644, Some(0o644)), (0o602, Some(0o602))] {
            set_mode(&path, mode);
            assert_eq!(mode_open_to_others(&path), open, "{mode:o}");
        }
        set_mode(directory.path(), 0o700);
        assert_eq!(mode_open_to_others(&path), None);
        assert_eq!(mode_open_to_others(Path::new("/nowhere")), None);
    }
}
