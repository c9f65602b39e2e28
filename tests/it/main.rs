//! The integration tests: one binary, one module a topic. `tests/run` runs them.

mod app;
mod cli;
mod closing_the_loop;
mod corpus;
mod crash;
mod edits;
mod explain;
mod faults;
mod http;
mod import;
mod inbound;
mod layers;
mod liveness;
mod mutations;
mod one_hand_over;
mod plans;
mod power_cut;
mod schedule;
mod serve;
mod smtp;
mod stop;
mod storage;
mod story;
mod support;
mod walk;
mod workspace;
