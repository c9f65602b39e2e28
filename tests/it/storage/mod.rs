//! Every query, on both databases.

mod meta;
