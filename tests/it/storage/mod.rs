//! Every query, on both databases.

mod addresses;
mod claims;
mod companies;
mod consents;
mod coverage;
mod database;
mod enrollments;
mod events;
mod hand_overs;
mod hits;
mod holds;
mod ids;
mod inbound;
mod lanes;
mod leads;
mod mailboxes;
mod messages;
mod meta;
mod migrations;
mod notices;
mod outbox;
mod report;
mod revisions;
mod routing;
mod rows;
mod sales_line;
