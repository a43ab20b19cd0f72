//! What the server says about itself.

/// The version of Redis whose commands, replies and error texts kevy follows: what clients compare with when
/// they decide which commands to use.
pub const REDIS_VERSION: &str = "7.2.4";

/// kevy's own version.
pub const KEVY_VERSION: &str = env!("CARGO_PKG_VERSION");
