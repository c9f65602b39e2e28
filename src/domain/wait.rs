//! (arrives with the schedule branch)
#[derive(Clone, Copy, Debug)]
pub enum Wait { Exact(i64), Days(u32) }
impl Wait { pub fn after(self, from: super::time::Timestamp, _zone: chrono_tz::Tz) -> super::time::Timestamp { from } }
