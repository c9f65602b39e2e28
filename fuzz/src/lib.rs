//! The reader of mails without the rest of Dripline, so that it is built with coverage in a minute. It is pure, and the
//! modules are those of the program.

#![allow(dead_code)]

pub mod domain;
pub mod mail;
