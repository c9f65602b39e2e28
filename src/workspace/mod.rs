//! The workspace: a marketer's files, read into checked types, with every mistake named and placed.

pub mod code;
pub mod diagnostic;
pub mod source;
pub mod table;

pub use code::Code;
pub use diagnostic::{Diagnostic, Severity};
