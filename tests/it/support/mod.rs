//! What the tests have in common.

pub mod app;
pub mod browser;
pub mod counts;
pub mod database;
pub mod dovecot;
pub mod fixtures;
pub mod memory;
pub mod nodes;
pub mod pace;
pub mod ports;
pub mod post;
pub mod postfix;
pub mod power_cut;
pub mod program;
pub mod proxy;
pub mod receiver;
pub mod records;
pub mod smtp_server;
pub mod stops;
pub mod world;
