//! (arrives with the schedule branch)
#[derive(Clone, Debug)]
pub enum SendTimes { Always }
