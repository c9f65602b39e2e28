//! The words and the decisions of Dripline: pure, without I/O and without async.

pub mod address;
pub mod breaker;
pub mod condition;
pub mod consent;
pub mod country;
pub mod enrollment;
pub mod event;
pub mod feedback;
pub mod gate;
pub mod hand_over;
pub mod hit;
pub mod inbound;
pub mod lane;
pub mod lead;
pub mod outcome;
pub mod purchase;
pub mod rate;
pub mod routing;
pub mod sales_link;
pub mod schedule;
pub mod score;
pub mod sequence;
pub mod stage;
pub mod suggest;
pub mod temperature;
pub mod test_link;
pub mod time;
pub mod token;
pub mod track;
pub mod visible;
pub mod wait;
pub mod webhook;
pub(crate) mod words;
pub mod working_time;

pub use words::UnknownWord;
