//! The workspace: a marketer's files, read into checked types, with every mistake named and placed.
//!
//! [`Files`] are the bytes, [`Workspace::compile`] reads and checks them, [`Diagnostic`]s say what is wrong.

pub mod code;
pub mod diagnostic;
mod expression;
pub mod files;
pub mod funnel;
mod names;
mod phrase;
pub mod segment;
mod sequence;
pub mod source;
mod step;
pub mod table;
mod times;

#[cfg(test)]
mod fixture;

pub use code::Code;
pub use diagnostic::{Diagnostic, Severity};
pub use expression::ScoreFacts;
pub use files::{Files, FilesError};
pub use funnel::Funnel;
pub use segment::Segments;
pub mod templates;
#[derive(Debug)]
pub struct Workspace { pub hash: String, pub funnel: Funnel, pub sequences: Vec<crate::domain::sequence::Sequence>, pub templates: templates::Templates }
pub struct Checked { pub workspace: Option<Workspace>, pub diagnostics: Vec<Diagnostic> }
impl Workspace { pub fn compile(_files: &Files) -> Checked { Checked { workspace: None, diagnostics: vec![] } } }
