//! The integration tests: one binary, one module a topic. `tests/run` runs them.

mod cli;
mod edits;
mod explain;
mod faults;
mod import;
mod layers;
mod liveness;
mod plans;
mod schedule;
mod smtp;
mod storage;
mod support;
mod walk;
mod workspace;
