//! Failures on their way to JavaScript.

use kevy_core::api::{Error, ErrorKind, Options};

/// A failure as text that begins with the kind, by which TypeScript picks the class.
pub fn text(error: &Error) -> String {
    format!("{}: {}", error.kind().name(), error.message())
}

/// The napi-rs error of a failure.
pub fn failure(error: &Error) -> napi::Error {
    napi::Error::from_reason(text(error))
}

/// A failure that arises in the binding itself.
pub fn failed(kind: ErrorKind, message: &str) -> napi::Error {
    failure(&Error::new(kind, message))
}

/// Options from names and values, which TypeScript has made text of.
pub fn options(pairs: &[(String, String)]) -> Result<Options, Error> {
    let mut options = Options::new();
    for (name, value) in pairs {
        options.set(name, value)?;
    }
    Ok(options)
}
