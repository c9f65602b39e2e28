//! The integration tests, in one binary.

mod smtp;
mod support;
