//! Dripline nurtures leads by e-mail.
//!
//! The modules, lowest first; a module imports only from those before it:
//!
//! - [`domain`]: words and decisions, without I/O: the gate, the walk, schedules, conditions.
//! - [`storage`], [`mail`], [`workspace`]: the database, SMTP and MIME, the marketer's files.
//! - [`secret`], [`config`], [`home`]: an installation's keys, its settings, and where it keeps its things.
//! - [`nurture`]: the use cases: pump, deliver, record, enroll, import.
//! - [`worker`], [`http`]: loops and routes over the use cases.
//! - [`app`]: one running server, built from a configuration.
//! - [`demo`]: the whole product on a temporary workspace, for who meets it for the first time.
//! - [`preview`]: every mail of a workspace, in the browser, in a folder, or as a test in a mailbox.
//! - [`cli`]: one file a command.

pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod home;
pub mod http;
pub mod mail;
pub mod nurture;
pub mod preview;
pub mod secret;
pub mod storage;
pub mod worker;
pub mod workspace;
