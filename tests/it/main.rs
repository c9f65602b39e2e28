//! The integration tests: one binary, one module a topic. `tests/run` runs them.

mod schedule;
mod smtp;
mod storage;
mod support;
mod walk;
mod workspace;
