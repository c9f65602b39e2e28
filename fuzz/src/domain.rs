#[path = "../../src/domain/inbound.rs"]
pub mod inbound;
#[path = "../../src/domain/outcome.rs"]
pub mod outcome;
#[path = "../../src/domain/time.rs"]
pub mod time;
#[path = "../../src/domain/words.rs"]
pub(crate) mod words;

pub use words::UnknownWord;
