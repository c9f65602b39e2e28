//! The words and the decisions of Dripline: pure, without I/O and without async.

pub mod breaker;
pub mod outcome;
pub mod schedule;
pub mod time;
pub mod wait;
