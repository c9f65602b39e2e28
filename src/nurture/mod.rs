//! The use cases: plain async functions over the database, the workspace and the relays.
//!
//! [`pump`] claims what is due and records outcomes; [`deliver`] sends what was claimed; [`record`] is the one door
//! for everything else that happens to a lead.

pub mod change;
pub mod claim;
pub mod clock;
pub mod company;
pub mod deadlines;
pub mod deliver;
pub mod engine;
pub mod error;
pub mod explain;
pub mod form;
pub mod hits;
pub mod import;
pub mod judge;
pub mod listing;
pub mod liveness;
pub mod lookup;
pub mod mailbox;
pub mod metrics;
pub mod notices;
pub mod notify;
pub mod orphans;
pub mod pace;
pub mod pause;
pub mod pump;
pub mod receive;
pub mod record;
pub mod registry;
pub mod relays;
pub mod replay;
pub mod report;
pub mod revision;
pub mod rollout;
pub mod routing;
pub mod sales;
pub mod score;
pub mod telling;
pub mod timeline;
pub mod webhook;

mod act;
mod compose;
mod decide;
mod dossier;
mod facts;
mod foresight;
mod fuse;
mod limits;
mod settle;

pub use change::Change;
pub use dossier::{Everything, Row, Section};
pub use engine::Engine;
pub use error::{NurtureError, NurtureResult};
