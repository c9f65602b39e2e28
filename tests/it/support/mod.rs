//! What the tests have in common.

pub mod app;
pub mod counts;
pub mod database;
pub mod pace;
pub mod post;
pub mod records;
pub mod smtp_server;
pub mod world;
