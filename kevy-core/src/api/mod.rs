//! The public surface: what every binding and every Rust program uses.
