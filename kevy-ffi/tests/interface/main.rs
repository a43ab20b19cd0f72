//! The C interface as programs meet it: what is exported, the C and C++ tests, the installed library, the examples.

mod support;

mod c_tests;
mod examples;
mod installed;
mod symbols;
