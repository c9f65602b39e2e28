//! The words and the decisions of Dripline: pure, without I/O and without async.

pub mod address;
pub mod condition;
pub mod consent;
pub mod event;
pub mod gate;
pub mod lead;
pub mod outcome;
pub mod schedule;
pub mod sequence;
pub mod stage;
pub mod suggest;
pub mod time;
pub mod wait;
pub(crate) mod words;

pub use words::UnknownWord;
