//! Every mail of a workspace, to be looked at: in the browser while it is written ([`Preview`]), in a folder for people
//! without git ([`copy`]), or as a test in a mailbox ([`test_mail`]).
//!
//! - [`persona`]: for whom a mail is rendered: made-up leads, or one of the database.
//! - [`shot`]: one mail for one of them, and what there is to say about it ([`hint`]).
//! - [`strip`]: a sequence, step by step.
//! - [`edition`]: the files as they were read last, and the last workspace without mistakes.
//! - [`gallery`]: all of that as the JSON that the page in `page/` draws.
//! - [`frame`]: the HTML of a mail as a document of its own, in light or dark colours.
//! - [`site`]: HTTP. [`Preview`] looks for edits and tells the page.

pub mod copy;
pub mod edition;
pub mod frame;
pub mod gallery;
pub mod hint;
pub mod persona;
pub mod problem;
pub mod shot;
pub mod site;
pub mod strip;
pub mod test_mail;
mod watch;

pub use edition::Edition;
pub use persona::Persona;
pub use watch::Preview;
