//! Values for all calls together, and for each class of them.

/// One value for all calls together, and one for each class of calls beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerClass<T> {
    /// For all calls together.
    pub all: T,
    /// For calls that change nothing.
    pub read: T,
    /// For calls that change something.
    pub write: T,
    /// For messages, and the files that are sent with them.
    pub message: T,
}

impl<T> PerClass<T> {
    /// What `make` makes of each.
    pub fn map<U>(self, mut make: impl FnMut(T) -> U) -> PerClass<U> {
        PerClass { all: make(self.all), read: make(self.read), write: make(self.write), message: make(self.message) }
    }

    /// Each beside that of another for the same calls.
    pub fn zip<U>(self, other: PerClass<U>) -> PerClass<(T, U)> {
        PerClass {
            all: (self.all, other.all),
            read: (self.read, other.read),
            write: (self.write, other.write),
            message: (self.message, other.message),
        }
    }

    /// The same, borrowed.
    pub const fn as_ref(&self) -> PerClass<&T> {
        PerClass { all: &self.all, read: &self.read, write: &self.write, message: &self.message }
    }
}

impl<T> IntoIterator for PerClass<T> {
    type Item = T;
    type IntoIter = std::array::IntoIter<T, 4>;

    fn into_iter(self) -> Self::IntoIter {
        [self.all, self.read, self.write, self.message].into_iter()
    }
}
