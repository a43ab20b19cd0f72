//! How large a node of a list may become.

/// Bytes up to which elements share a listpack where a limit counts elements.
const BYTES_WITHOUT_LIMIT_MAX: usize = 8 << 10;

/// `list-max-listpack-size`: what one listpack of a list may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListLimits {
    /// So many bytes.
    Bytes(usize),
    /// So many elements, and no more than 8 KiB of them.
    Elements(usize),
}

impl Default for ListLimits {
    fn default() -> Self {
        Self::of_option(-2)
    }
}

impl ListLimits {
    /// The limit that the value of the option stands for: a number of elements, or if negative 4 KiB doubled up to four
    /// times.
    pub fn of_option(size: i32) -> Self {
        match usize::try_from(size) {
            Ok(elements) => Self::Elements(elements.max(1)),
            Err(_) => Self::Bytes((4 << 10) << (size.unsigned_abs() - 1).min(4)),
        }
    }

    /// Whether a listpack of so many bytes and elements may be.
    pub fn allow(self, bytes: usize, elements: usize) -> bool {
        match self {
            Self::Bytes(max) => bytes <= max,
            Self::Elements(max) => elements <= max && bytes <= BYTES_WITHOUT_LIMIT_MAX,
        }
    }

    /// Whether a listpack has shrunk so far that it will not soon outgrow the limit again.
    pub(super) fn allow_by_far(self, bytes: usize, elements: usize) -> bool {
        match self {
            Self::Bytes(max) => bytes <= max / 2,
            Self::Elements(max) => elements <= max / 2,
        }
    }

    /// Whether an element of so many bytes is kept outside of listpacks.
    pub(super) fn is_large(self, bytes: usize) -> bool {
        match self {
            Self::Bytes(max) => bytes > max,
            Self::Elements(_) => bytes > BYTES_WITHOUT_LIMIT_MAX,
        }
    }
}
