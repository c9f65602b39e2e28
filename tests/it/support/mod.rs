//! What several topics need.

pub mod smtp_server;
