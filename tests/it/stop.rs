//! Stop means stop: once a call that stops or holds a lead has answered, no mail to that lead begins, on any node.

mod forced;
mod processes;
mod races;
