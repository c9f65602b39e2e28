//! (arrives with the schedule branch)
#[derive(Clone, Copy, Debug)]
pub enum Wait { Exact(i64), Days(u32) }
