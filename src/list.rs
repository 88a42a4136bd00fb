//! Lists in little code. What `collect` makes of each chain of iterators asks for the items one
//! by one; a chain that runs through by itself is half the code.

use alloc::vec::Vec;

/// Iterators that become lists.
pub(crate) trait ToList: Iterator {
    /// As `collect` into a `Vec`.
    fn list(self) -> Vec<Self::Item>;
}

impl<I: Iterator> ToList for I {
    fn list(self) -> Vec<I::Item> {
        let mut list = Vec::with_capacity(self.size_hint().0);
        self.for_each(|item| list.push(item));
        list
    }
}

/// Iterators of results that become lists.
pub(crate) trait TryToList<T, E> {
    /// As `collect` into a `Result<Vec<_>, _>`: all, or the first error.
    ///
    /// # Errors
    /// The first of the iterator's.
    fn try_list(self) -> Result<Vec<T>, E>;
}

impl<T, E, I: Iterator<Item = Result<T, E>>> TryToList<T, E> for I {
    fn try_list(self) -> Result<Vec<T>, E> {
        let mut list = Vec::new();
        for item in self {
            list.push(item?);
        }
        Ok(list)
    }
}
