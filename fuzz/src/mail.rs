#[path = "../../src/mail/inbound/mod.rs"]
pub mod inbound;
